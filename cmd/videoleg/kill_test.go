package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// asProgram is set in the environment of a process that is the program, not its test.
const asProgram = "TEST_AS_PROGRAM"

// acknowledged are the sessions that a server has promised, by their idempotency keys.
type acknowledged struct {
	mu  sync.Mutex // guards ids
	ids map[string]string
}

// invite asks for invitations until the server is gone, and notes those that it has promised. Of each it
// tells, as a node, that its customer has come.
func (a *acknowledged) invite(base, who string, enough chan<- struct{}) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for n := 1; ; n++ {
		key := fmt.Sprint(who, "-", n)
		answer, err := posted(client, base+"/api/v1/invitations", key, `{"single_use":true}`)
		if err != nil {
			return
		}
		_, rest, _ := strings.Cut(answer, `"id":"`)
		id, _, found := strings.Cut(rest, `"`)
		if !found {
			continue // too fast
		}
		event := strings.NewReplacer("10.0.0.1", who, `"ada"`, `"`+id+`"`).Replace(happened(n, "participant_connected", id, aGuest))
		if _, err := posted(client, base+"/events", key, event); err != nil {
			return
		}
		a.mu.Lock()
		if a.ids[key] = id; len(a.ids) == 40 {
			close(enough)
		}
		a.mu.Unlock()
	}
}

// posted is the answer to a post; an error is a server that is gone.
func posted(client *http.Client, url, key, body string) (string, error) {
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.SetBasicAuth("pexip", "s3cret")
	r.Header.Set("X-API-Key", "0123456789abcdef")
	r.Header.Set("Idempotency-Key", key)
	answer, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// The program is killed while it writes: the next one knows every invitation that was acknowledged and
// every customer of whom it was told, and a request that got no answer is good for one invitation.
func TestKilledInMidWrite(t *testing.T) {
	dir := t.TempDir()
	victim := exec.CommandContext(t.Context(), os.Args[0], "serve")
	victim.Env = append(os.Environ(), asProgram+"=1")
	for name, value := range map[string]string{
		"SESSION_SECRET": base64.StdEncoding.EncodeToString(make([]byte, 32)), "GENESYS_CLIENT_ID": "client", "PEXIP_NODES": "https://node1.example",
		"PEXIP_HOST_PIN": "390517", "AGENT_ADDR": "127.0.0.1:0", "CUSTOMER_ADDR": "127.0.0.1:0", "ADMIN_ADDR": "127.0.0.1:0",
		"POLICY_USERNAME": "pexip", "POLICY_PASSWORD": "s3cret", "EVENTS_USERNAME": "pexip", "EVENTS_PASSWORD": "s3cret",
		"API_KEYS": "0123456789abcdef", "STATE_DIR": dir,
	} {
		victim.Env = append(victim.Env, prefix+"_"+name+"="+value)
	}
	var complaint bytes.Buffer
	victim.Stderr = &complaint
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	base := ""
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "msg=ready") {
		if _, addr, found := strings.Cut(lines.Text(), "app=customer addr="); found {
			base = "http://" + addr
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	known, enough := &acknowledged{ids: map[string]string{}}, make(chan struct{})
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() { known.invite(base, fmt.Sprint("10.0.1.", i), enough) })
	}
	ended := make(chan struct{})
	go func() {
		all.Wait()
		close(ended)
	}()
	select {
	case <-enough:
	case <-ended:
		t.Fatalf("the program did not serve: %s", &complaint)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := victim.Wait(); err == nil {
		t.Fatal("the program ended by itself")
	}
	testAfterKill(t, known.ids, dir)
}

// testAfterKill asks the server that comes after.
func testAfterKill(t *testing.T, known map[string]string, dir string) {
	t.Helper()
	base, _, stop := replica(t, map[string]string{"STATE_DIR": dir})
	defer stop()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for key, id := range known {
		if got := asked(t, "GET", base+policyQuestion+"agt"+id, ""); !strings.Contains(got, `"name":"`+id) {
			t.Fatalf("%s is answered with %s; %d were acknowledged", key, got, len(known))
		}
	}
	first := fmt.Sprint("10.0.1.", 0, "-", 1)
	if got := asked(t, "GET", base+"/api/v1/sessions/"+known[first], ""); !strings.Contains(got, `"kind":"customer"`) {
		t.Errorf("the customer of whom it was told: %s", got)
	}
	if again, err := posted(client, base+"/api/v1/invitations", first, `{"single_use":true}`); err != nil || !strings.Contains(again, known[first]) {
		t.Errorf("the same request again gives %s, %v; want %s", again, err, known[first])
	}
}
