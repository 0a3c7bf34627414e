package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// TestTLS: over our own TLS a page's files come side by side (HTTP/2), and its socket opens all the same.
func TestTLS(t *testing.T) {
	cert, key, trusted := certificate(t)
	base, _, stop := replica(t, map[string]string{"STATE_DIR": t.TempDir(), "TLS_CERT_FILE": cert, "TLS_KEY_FILE": key})
	defer stop()
	addr := strings.TrimPrefix(base, "http://")

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get("https://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.ProtoMajor != 2 {
		t.Errorf("the page came by %s, want HTTP/2", res.Proto)
	}

	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	ws, answer, err := dialer.Dial("wss://"+addr+"/visit", http.Header{"Origin": {"https://" + addr}})
	if err != nil {
		t.Fatalf("%v (%v)", err, answer)
	}
	ws.Close()
}

// certificate writes a certificate of our own and its key to files.
func certificate(t *testing.T) (cert, key string, trusted *x509.CertPool) {
	t.Helper()
	pair, cert, err := selfSigned(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(cert)) })
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	key = filepath.Join(filepath.Dir(cert), "key.pem")
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	trusted, err = trust(cert)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, trusted
}
