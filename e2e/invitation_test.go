package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/e2e/browser"
)

const inviteKey = "e2e-invitation-key"

// invite asks the API for a link.
func (c *centre) invite(body string) (link string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.customer+"/api/v1/invitations", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+inviteKey)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var made struct{ Link string }
	if err := json.Unmarshal(text, &made); err != nil || answer.StatusCode != http.StatusCreated {
		c.t.Fatalf("invite: %s %s", answer.Status, text)
	}
	return made.Link
}

// TestInvitation: a link for single use brings its customer to the agent, and back after a reload; it
// brings nobody else, and in the end the customer goes where his inviter wants him.
func TestInvitation(t *testing.T) {
	c := start(t, options{env: map[string]string{"API_KEYS": inviteKey, "ADHOC_SESSIONS": "false"}})
	link := c.invite(`{"display_name":"Grace","single_use":true,"return_url":"` + c.agent + `/static/icon.svg"}`)
	b := browser.Start(t)
	b.Open(c.customer).AwaitAlert("Video calls start from a personal link.")
	b.Open(link[:len(link)-2]).AwaitAlert("Something was lost")

	desktop := b.Open(c.cloud.URL + "/?agent=ada")
	customer := b.Open(link, browser.Size(390, 800))
	customer.Find("checkbox", agreement).Press(" ")
	customer.Button("Start video call").Click()
	desktop.Button("Answer").Click()
	desktop.Frame("Video").AwaitStatus("In call")
	customer.Video("Agent video").AwaitMoving()
	b.Open(link).AwaitAlert("already started")

	customer.Reload()
	customer.Video("Agent video").AwaitMoving()
	if got := c.customers(); len(got) != 1 || got[0].DisplayName != "Grace" {
		t.Errorf("customers on the node: %+v, want Grace alone", got)
	}
	customer.Button("Leave").Click()
	customer.AwaitTrue(`location.pathname === "/static/icon.svg"`)
	b.Open(link).AwaitAlert("already started")
}
