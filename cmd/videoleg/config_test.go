package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// settings gives the test an environment of its own: no VIDEOLEG_ names but these.
func settings(t testing.TB, pairs map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, prefix+"_") {
			t.Setenv(name, "") // restored after the test
			os.Unsetenv(name)
		}
	}
	t.Setenv(prefix+"_STATE_DIR", t.TempDir())
	for name, value := range pairs {
		t.Setenv(prefix+"_"+name, value)
	}
}

// needed are the settings without which nothing starts.
func needed() map[string]string {
	return map[string]string{
		"SESSION_SECRET":    base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"GENESYS_CLIENT_ID": "client",
		"PEXIP_NODES":       "https://node1.example, https://node2.example/",
		"PEXIP_HOST_PIN":    "390517",
	}
}

func TestLoadConfig(t *testing.T) {
	settings(t, needed())
	c, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.PexipNodes, " "); got != "https://node1.example https://node2.example" {
		t.Errorf("nodes = %q, want both without final slash", got)
	}
	if c.AgentAddr != ":8080" || c.CustomerAddr != ":8081" || c.AdminAddr != "127.0.0.1:9090" ||
		c.MediaMode != "relay" || c.MediaBandwidthKbps != 1264 || c.PexipAgentPrefix != "agt" ||
		c.AliasSource.String() != "ani-name" || c.AdhocSessions {
		t.Errorf("defaults are not those of the contract: %+v", c)
	}
}

func TestLoadConfigNamesEveryFault(t *testing.T) {
	for _, tc := range []struct {
		name  string
		set   map[string]string
		unset []string
		want  []string // parts of the message
	}{
		{"nothing set", nil, []string{"SESSION_SECRET", "GENESYS_CLIENT_ID", "PEXIP_NODES", "PEXIP_HOST_PIN"},
			[]string{"VIDEOLEG_SESSION_SECRET: missing", "openssl rand", "VIDEOLEG_GENESYS_CLIENT_ID: missing", "VIDEOLEG_PEXIP_NODES: missing", "VIDEOLEG_PEXIP_HOST_PIN: missing"}},
		{"unknown name", map[string]string{"PEXIP_NODE": "https://n.example"}, nil,
			[]string{"VIDEOLEG_PEXIP_NODE: no such setting", "did you mean VIDEOLEG_PEXIP_NODES"}},
		{"many at once", map[string]string{"MEDIA_UDP_PORT": "70000", "LOG_LEVEL": "loud", "REQUIRE_RECORDING": "perhaps", "ALIAS_SOURCE": "guess", "MEDIA_MODE": "tunnel", "MEDIA_BANDWIDTH_KBPS": "1"}, nil,
			[]string{"VIDEOLEG_MEDIA_UDP_PORT", "VIDEOLEG_LOG_LEVEL", "VIDEOLEG_REQUIRE_RECORDING", "VIDEOLEG_ALIAS_SOURCE", "VIDEOLEG_MEDIA_MODE", "VIDEOLEG_MEDIA_BANDWIDTH_KBPS"}},
		{"short secret", map[string]string{"SESSION_SECRET": "c2hvcnQ="}, nil, []string{"VIDEOLEG_SESSION_SECRET: 5 bytes are too few"}},
		{"secret not base64", map[string]string{"SESSION_SECRET": "***"}, nil, []string{"VIDEOLEG_SESSION_SECRET: not base64"}},
		{"PIN with letters", map[string]string{"PEXIP_HOST_PIN": "12ab"}, nil, []string{"VIDEOLEG_PEXIP_HOST_PIN: a PIN is 4 to 20 digits"}},
		{"same PINs", map[string]string{"PEXIP_GUEST_PIN": "390517"}, nil, []string{"VIDEOLEG_PEXIP_GUEST_PIN: must differ"}},
		{"one prefix begins the other", map[string]string{"PEXIP_AGENT_PREFIX": "cusa"}, nil, []string{"VIDEOLEG_PEXIP_AGENT_PREFIX: neither prefix"}},
		{"URL with PIN-like query", map[string]string{"PEXIP_NODES": "https://n.example/?pin=1"}, nil, []string{"VIDEOLEG_PEXIP_NODES: a base URL has no"}},
		{"not a URL", map[string]string{"AGENT_URL": "agent.example"}, nil, []string{"VIDEOLEG_AGENT_URL"}},
		{"certificate without key", map[string]string{"TLS_CERT_FILE": "cert.pem"}, nil, []string{"VIDEOLEG_TLS_KEY_FILE: missing", "VIDEOLEG_TLS_CERT_FILE: cannot be read"}},
		{"user without password", map[string]string{"POLICY_USERNAME": "pexip"}, nil, []string{"VIDEOLEG_POLICY_PASSWORD: missing"}},
		{"devices without their URI", map[string]string{"OUTBOUND_ALIASES": "30[0-9]{3}"}, nil, []string{"VIDEOLEG_OUTBOUND_URI: missing"}},
		{"bad pattern of devices", map[string]string{"OUTBOUND_ALIASES": "30(", "OUTBOUND_URI": "sip:{alias}@x"}, nil, []string{"the pattern of devices is not"}},
		{"two apps on one address", map[string]string{"AGENT_ADDR": ":9000", "CUSTOMER_ADDR": ":9000"}, nil, []string{"VIDEOLEG_CUSTOMER_ADDR: the same address as AGENT_ADDR"}},
		{"bad address", map[string]string{"ADMIN_ADDR": "9090"}, nil, []string{"VIDEOLEG_ADMIN_ADDR"}},
		{"bad networks", map[string]string{"TRUSTED_PROXIES": "10.0.0.0", "MEDIA_PUBLIC_IPS": "here"}, nil, []string{"VIDEOLEG_TRUSTED_PROXIES", "VIDEOLEG_MEDIA_PUBLIC_IPS"}},
		{"weak API key", map[string]string{"API_KEYS": "abc"}, nil, []string{"VIDEOLEG_API_KEYS"}},
		{"several weak API keys", map[string]string{"API_KEYS": "a,,0123456789abcdef,"}, nil, []string{"VIDEOLEG_API_KEYS: a key is empty or shorter"}},
		{"one Genesys host alone", map[string]string{"GENESYS_API_URL": "http://localhost:1"}, nil, []string{"VIDEOLEG_GENESYS_API_URL"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := needed()
			for name, value := range tc.set {
				all[name] = value
			}
			for _, name := range tc.unset {
				delete(all, name)
			}
			settings(t, all)
			_, err := loadConfig(nil)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, part := range tc.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %q:\n%v", part, err)
				}
			}
			for name := range tc.set {
				if n := strings.Count(err.Error(), "VIDEOLEG_"+name+": "); n > 1 {
					t.Errorf("%s is named %d times:\n%v", name, n, err)
				}
				if strings.Contains(err.Error(), "VIDEOLEG_"+name+": missing") {
					t.Errorf("%s is set and called missing:\n%v", name, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has more than one line: %q", err)
			}
		})
	}
}

func TestLoadConfigTakesEmptyAsUnset(t *testing.T) {
	all := needed()
	all["MEDIA_UDP_PORT"], all["REQUIRE_RECORDING"], all["PEXIP_GUEST_PIN"] = "", "", ""
	settings(t, all)
	if _, err := loadConfig(nil); err != nil {
		t.Errorf("empty settings: %v", err)
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	all := needed()
	all["GENESYS_CLIENT_SECRET"] = "very-secret-text"
	all["POLICY_USERNAME"], all["POLICY_PASSWORD"] = "pexip", "policy-secret-text"
	settings(t, all)
	c, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		shown := fmt.Sprintf(verb, c)
		for _, value := range []string{"very-secret-text", "policy-secret-text", "390517"} {
			if strings.Contains(shown, value) {
				t.Errorf("%s of the configuration shows %s", verb, value)
			}
		}
	}
}

func TestFaultsOfSecretsDoNotShowThem(t *testing.T) {
	all := needed()
	all["PEXIP_HOST_PIN"] = "12345x"
	all["SESSION_SECRET"] = "c2VjcmV0LXRleHQ="
	settings(t, all)
	_, err := loadConfig(nil)
	if err == nil || strings.Contains(err.Error(), "12345x") || strings.Contains(err.Error(), "c2VjcmV0LXRleHQ") {
		t.Errorf("err = %v, want faults without the values", err)
	}
}

func TestLoadConfigReadsFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := needed()
	all["PEXIP_CA_FILE"] = file
	settings(t, all)
	c, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust(c.PexipCAFile); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("trust of a file without certificate = %v", err)
	}
}
