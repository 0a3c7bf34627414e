package relay

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"
)

// srtpKeys are the keys of a hop, as DTLS has agreed them (RFC 5764).
type srtpKeys srtp.Config

// tag is how many bytes encryption adds to a packet (RFC 3711, 3.1; RFC 7714, 8).
func (k srtpKeys) tag() (int, error) {
	rtp, err := k.Profile.AuthTagRTPLen()
	aead, err2 := k.Profile.AEADAuthTagLen()
	return rtp + aead, errors.Join(err, err2)
}

// newCertificate makes the certificate of one hop; its fingerprint goes into our description.
func newCertificate() (tls.Certificate, error) {
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return c, fmt.Errorf("relay: certificate: %w", err)
	}
	return c, nil
}

// fingerprintOf is the value of a=fingerprint for c (RFC 8122).
func fingerprintOf(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return "sha-256 " + strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// newDTLS prepares a handshake with the holder of a certificate that has this fingerprint, and nobody else.
func newDTLS(records *records, cert tls.Certificate, print string, client bool, log logging.LoggerFactory) (*dtls.Conn, error) {
	shared := []dtls.Option{
		dtls.WithCertificates(cert),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithInsecureSkipVerify(true), // self-signed on both sides: the fingerprint vouches
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error { return verify(raw, print) }),
		dtls.WithLoggerFactory(log),
		dtls.WithFlightInterval(200 * time.Millisecond),
	}
	if client {
		var opts []dtls.ClientOption
		for _, o := range shared {
			opts = append(opts, o)
		}
		return dtls.ClientWithOptions(records, farAddr, opts...)
	}
	opts := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
	for _, o := range shared {
		opts = append(opts, o)
	}
	return dtls.ServerWithOptions(records, farAddr, opts...)
}

// verify compares the far end's certificate with the fingerprint of its description.
func verify(raw [][]byte, print string) error {
	if len(raw) == 0 {
		return errors.New("relay: no certificate")
	}
	name, want, _ := strings.Cut(print, " ")
	hash, err := fingerprint.HashFromString(name)
	if err != nil {
		return fmt.Errorf("relay: fingerprint: %w", err)
	}
	c, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return fmt.Errorf("relay: certificate: %w", err)
	}
	got, err := fingerprint.Fingerprint(c, hash)
	if err != nil {
		return fmt.Errorf("relay: fingerprint: %w", err)
	}
	if !strings.EqualFold(got, strings.TrimSpace(want)) {
		return errors.New("relay: the certificate is not the one that was announced")
	}
	return nil
}

// readKeys exports the media keys after the handshake.
func readKeys(d *dtls.Conn, client bool) (srtpKeys, error) {
	var keys srtp.Config
	profile, ok := d.SelectedSRTPProtectionProfile()
	state, done := d.ConnectionState()
	if !ok || !done {
		return srtpKeys(keys), errors.New("relay: no SRTP profile in common")
	}
	keys.Profile = srtp.ProtectionProfile(profile)
	if err := keys.ExtractSessionKeysFromDTLS(&state, client); err != nil {
		return srtpKeys(keys), fmt.Errorf("relay: SRTP keys: %w", err)
	}
	return srtpKeys(keys), nil
}

// records carries DTLS records over an ICE connection, as the DTLS stack wants them: a net.PacketConn with one far end.
type records struct {
	*ice.Conn
	in *packetio.Buffer
}

// farAddr stands for the far end, whose address may change at any time.
var farAddr = &net.UDPAddr{}

// maxRecords wait for the DTLS stack; more are dropped like any datagram.
const maxRecords = 64

func newRecords(conn *ice.Conn) *records {
	r := &records{Conn: conn, in: packetio.NewBuffer()}
	r.in.SetLimitCount(maxRecords)
	return r
}

func (r *records) put(b []byte) { _, _ = r.in.Write(b) }

func (r *records) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := r.in.Read(b)
	return n, farAddr, err
}

func (r *records) WriteTo(b []byte, _ net.Addr) (int, error) { return r.Write(b) }

func (r *records) SetDeadline(t time.Time) error     { return r.in.SetReadDeadline(t) }
func (r *records) SetReadDeadline(t time.Time) error { return r.in.SetReadDeadline(t) }

// Close ends reading; the ICE connection is its agent's to end.
func (r *records) Close() error { return r.in.Close() }
