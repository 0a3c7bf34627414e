package policy_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/policy"
)

// A call that an agent has dialled arrives by the trunk: the room is the dialled alias, and calls the
// device. His widget joins the same room, and calls nobody.
func TestOutbound(t *testing.T) {
	p := newPolicy(t, func(c *policy.Config) { c.Outbound, c.Device = "30[0-9]{3}|[a-z0-9-]+", "sip:{alias}@devices.example" })
	called := room("30123", false)
	called["automatic_participants"] = []any{map[string]any{
		"remote_alias": "sip:30123@devices.example", "remote_display_name": "30123", "local_alias": "30123@video.example",
		"local_display_name": "Contact centre", "protocol": "sip", "call_type": "video", "role": "chair",
		"routing": "routing_rule", "keep_conference_alive": "keep_conference_alive_never",
	}}
	dashed := room("branch-7", false)
	guest, none := map[string]any{"preauthenticated_role": "guest"}, map[string]any{}
	for _, tt := range []struct {
		name, target   string
		status         int
		action         string
		result         map[string]any
		refusedBecause string
	}{
		{"the trunk's call", dialIn(serviceURL, "sip:30123@video.example", "protocol", "sip", "trigger", "invite"), 200, "continue", called, ""},
		{"OPTIONS", dialIn(serviceURL, "30123", "call_direction", "non_dial", "protocol", "sip"), 200, "continue", called, ""},
		{"the widget", dialIn(serviceURL, "agt30123"), 200, "continue", room("30123", false), ""},
		{"the widget, a dash", dialIn(serviceURL, "agtbranch-7"), 200, "continue", dashed, ""},
		{"the room's own call", dialIn(serviceURL, "30123@video.example", "call_direction", "dial_out", "protocol", "sip",
			"service_name", "branch-7", "service_tag", "videoleg"), 200, "continue", dashed, ""},
		{"a browser", dialIn(serviceURL, "30123"), 200, "reject", none, ""},
		{"a customer", dialIn(serviceURL, "cus30123"), 200, "reject", none, ""},
		{"a session's ID alone", dialIn(serviceURL, "4711abcd4711abcd", "protocol", "sip"), 404, "continue", none, ""},
		{"not a device", dialIn(serviceURL, "meet_ada", "protocol", "sip"), 404, "continue", none, ""},
		{"the trunk's leg", dialIn(participantURL, "sip:30123@video.example", "protocol", "sip", "service_tag", "videoleg", "service_name", "30123"), 200, "continue", guest, ""},
		{"the agent's leg", dialIn(participantURL, "agt30123", "service_tag", "videoleg", "service_name", "30123", "preauthenticated_role", "chair"), 200, "continue", map[string]any{"preauthenticated_role": "chair"}, ""},
		{"the agent without PIN", dialIn(participantURL, "agt30123", "preauthenticated_role", "guest"), 200, "reject", nil, "The agent's address"},
		{"a browser's leg", dialIn(participantURL, "30123", "service_tag", "videoleg", "service_name", "30123"), 200, "reject", nil, "This video call is for invited"},
		{"the device's leg", dialIn(participantURL, "30123@video.example", "call_direction", "dial_out", "protocol", "sip", "service_tag", "videoleg", "service_name", "30123"), 200, "continue", none, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got := ask(t, p, tt.target)
			if status != tt.status || got.Action != tt.action || tt.result != nil && !reflect.DeepEqual(got.Result, tt.result) {
				t.Errorf("%d %+v\nwant %d %s %v", status, got, tt.status, tt.action, tt.result)
			}
			if why, _ := got.Result["reject_reason"].(string); !strings.HasPrefix(why, tt.refusedBecause) {
				t.Errorf("reject_reason %q, want %q", why, tt.refusedBecause)
			}
		})
	}
}
