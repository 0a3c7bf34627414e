package policy

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

// The local policies, with the marks << and >> around what Go fills in. Whatever they give as a
// room is marshalled by the same code as the server's answer.
var (
	//go:embed service.jinja
	serviceScript string
	//go:embed participant.jinja
	participantScript string
)

// maxScript is the longest local policy that a policy profile takes.
const maxScript = 49152

// ServiceScript is the local policy for service configuration. It gives the answers of the
// external policy, but for one thing that a script cannot know: whether a session is open.
func (r Rooms) ServiceScript() (string, error) { return r.script(serviceScript) }

// ParticipantScript is the local policy for participant properties; of the names that invitations
// give it knows nothing.
func (r Rooms) ParticipantScript() (string, error) { return r.script(participantScript) }

func (r Rooms) script(text string) (string, error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	t, err := template.New("").Delims("<<", ">>").Parse(text)
	if err != nil {
		return "", fmt.Errorf("policy: script: %w", err)
	}
	rooms := map[side]string{}
	for _, arrives := range []side{customer, agent, device} {
		if rooms[arrives], err = indented(r.room("{{ room }}", arrives)); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]any{
		"Tag": r.ServiceTag, "Agent": pattern(r.AgentPrefix), "Customer": pattern(r.CustomerPrefix),
		"GuestPIN": r.GuestPIN != "", "Reasons": reasons, "Outbound": r.Outbound, "DeviceText": deviceText,
		"CustomerRoom": rooms[customer], "Room": rooms[agent], "DeviceRoom": rooms[device],
	})
	if err == nil && b.Len() > maxScript {
		err = fmt.Errorf("%d bytes, %d are allowed", b.Len(), maxScript)
	}
	if err != nil {
		return "", fmt.Errorf("policy: script: %w", err)
	}
	return b.String(), nil
}

// pattern is a prefix in a regular expression. It needs no backslash, which jinja would read first.
func pattern(prefix string) string {
	return strings.ReplaceAll(strings.ToLower(prefix), ".", "[.]")
}

func indented(c conference) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("  ", "  ")
	err := e.Encode(c)
	return strings.TrimSpace(b.String()), err
}
