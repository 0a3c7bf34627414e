package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The local policy is made from the configuration; a script that is none is a wrong call.
func TestPolicyCommand(t *testing.T) {
	all := needed()
	all["CONTACT_CENTER_URI"], all["PEXIP_CUSTOMER_PREFIX"] = "sip:+15551234567@trunk.example", "visitor."
	settings(t, all)
	for script, want := range map[string]string{"service": `"remote_alias": "sip:+15551234567@trunk.example"`, "participant": "visitor[.]"} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{"policy", "-for", script}, &out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("policy -for %s = %v, without %s:\n%s", script, err, want, &out)
		}
	}
	if err := run(t.Context(), []string{"policy", "-for", "lunch"}, io.Discard); !errors.Is(err, errUsage) {
		t.Errorf("policy -for lunch = %v, want an error of usage", err)
	}
}

// The policy face of a running server: closed without credentials, explicit for our prefixes, and
// open for a session that is.
func TestPolicyFace(t *testing.T) {
	s := startServer(t, map[string]string{
		"POLICY_USERNAME": "pexip", "POLICY_PASSWORD": "s3cret", "CONTACT_CENTER_URI": "sip:+15551234567@trunk.example",
	})
	const known = "4711abcd4711abcd"
	s.visits.Announce(known, time.Hour)
	base := "http://" + s.addresses()["customer"] + "/policy/v1/service/configuration?call_direction=dial_in&local_alias="
	for _, tc := range []struct {
		name, alias, password string
		status                int
		want                  string
	}{
		{"wrong password", "cus" + known, "wrong", 401, ""},
		{"customer", "cus" + known, "s3cret", 200, `"local_display_name":"4711abcd4711abcd"`},
		{"agent", "agt" + known, "s3cret", 200, `"name":"4711abcd4711abcd"`},
		{"nobody's session", "cus0000000000000000", "s3cret", 200, `"action":"reject"`},
		{"foreign", "meet.ada", "s3cret", 404, `"action":"continue"`},
	} {
		r, err := http.NewRequest(http.MethodGet, base+tc.alias, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("pexip", tc.password)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != tc.status || !strings.Contains(string(body), tc.want) {
			t.Errorf("%s: %d %s, want %d with %s", tc.name, answer.StatusCode, body, tc.status, tc.want)
		}
	}
	testCheckFaces(t, s.cfg, "http://"+s.addresses()["customer"])
	if got := get(t, s.addresses()["admin"], "/metrics"); !strings.Contains(got, `videoleg_policy_decisions_total{reason="unknown",request="service",verdict="refuse"} 1`) {
		t.Errorf("the refusal is not counted:\n%s", got)
	}
}

// testCheckFaces checks a running server's faces with the right password, with a wrong one, and where
// nothing runs.
func testCheckFaces(t *testing.T, cfg Config, base string) {
	t.Helper()
	for _, tc := range []struct {
		name, url string
		password  secret
		said, err string
	}{
		{"right", base, "s3cret", "policy         " + base + " ok", ""},
		{"wrong password", base, "wrong", "", "answers with 401"},
		{"not running", "http://127.0.0.1:1", "s3cret", "not asked", ""},
	} {
		var out bytes.Buffer
		cfg.CustomerURL, cfg.PolicyPassword = baseURL(tc.url), tc.password
		err := checkFaces(t.Context(), cfg, &out)
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) || !strings.Contains(out.String(), tc.said) {
			t.Errorf("%s: said %q, %v", tc.name, &out, err)
		}
	}
}
