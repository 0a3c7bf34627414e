package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrForged is a token that this server did not make for this purpose.
	ErrForged = errors.New("seal: not a token of ours")
	// ErrExpired is a token whose time is over.
	ErrExpired = errors.New("seal: token expired")
)

// maxToken bounds what Open looks at, in bytes.
const maxToken = 8 << 10

// Sealer seals and opens tokens for one purpose. It is safe for concurrent use.
type Sealer struct {
	aead cipher.AEAD
	now  func() time.Time
}

// New returns the sealer of one purpose. Secrets shorter than 32 bytes are refused.
func New(secret []byte, purpose string) (*Sealer, error) {
	if len(secret) < 32 {
		return nil, fmt.Errorf("seal: a secret of %d bytes is too short, 32 are needed", len(secret))
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "videoleg "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("seal: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Sealer{aead: aead, now: time.Now}, nil
}

// envelope is what a token holds: the value, and the second at which it ends.
type envelope struct {
	Ends  int64           `json:"e"`
	Value json.RawMessage `json:"v"`
}

// Seal returns a URL-safe token that holds value for the given time.
func (s *Sealer) Seal(value any, life time.Duration) (string, error) {
	v, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	plain, err := json.Marshal(envelope{Ends: s.now().Add(life).Unix(), Value: v})
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, nil)), nil
}

// Open puts the token's value into to. The error is ErrForged or ErrExpired.
func (s *Sealer) Open(token string, to any) error {
	if len(token) > maxToken {
		return ErrForged
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return ErrForged
	}
	plain, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return ErrForged
	}
	var e envelope
	if err := json.Unmarshal(plain, &e); err != nil {
		return ErrForged
	}
	if s.now().Unix() >= e.Ends {
		return ErrExpired
	}
	if err := json.Unmarshal(e.Value, to); err != nil {
		return ErrForged
	}
	return nil
}

// RandomText returns n characters of the alphabet 0-9a-z, each drawn evenly: 5.17 bits a character.
func RandomText(n int) string {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	out := make([]byte, 0, n)
	var buf [32]byte
	for len(out) < n {
		rand.Read(buf[:])
		for _, b := range buf {
			// 252 is the largest multiple of 36 in a byte: what lies above would favour some characters.
			if b < 252 && len(out) < n {
				out = append(out, alphabet[b%36])
			}
		}
	}
	return string(out)
}
