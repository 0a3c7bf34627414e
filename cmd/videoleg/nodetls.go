package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// secureNode is the stand-in node over HTTPS, for clients of other origins.
type secureNode struct {
	addr        string
	certificate string // path of the PEM file to trust
	http        *http.Server
}

// serveTLS serves a handler with a certificate made for the occasion.
func serveTLS(addr string, handler http.Handler) (*secureNode, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("demo: -node-tls %s: %w", addr, errors.Unwrap(err))
	}
	pair, file, err := selfSigned(l.Addr())
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("demo: -node-tls: %w", err)
	}
	s := &secureNode{addr: l.Addr().String(), certificate: file, http: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}}
	go func() {
		_ = s.http.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}})) // ends with close
	}()
	return s, nil
}

func (s *secureNode) close() {
	_ = s.http.Close()
	_ = os.RemoveAll(filepath.Dir(s.certificate))
}

// selfSigned makes a certificate for localhost and the address, and writes it to a file that a
// client can be told to trust.
func selfSigned(addr net.Addr) (tls.Certificate, string, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "videoleg demo node"},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(demoCertificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:         true, BasicConstraintsValid: true,
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
		template.IPAddresses = append(template.IPAddresses, tcp.IP)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	dir, err := os.MkdirTemp("", "videoleg-demo-")
	if err != nil {
		return tls.Certificate{}, "", err
	}
	file := filepath.Join(dir, "node.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return tls.Certificate{}, "", err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, file, nil
}
