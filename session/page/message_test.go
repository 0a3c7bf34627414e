package page

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("x", 9<<10)
	for _, tc := range []struct{ name, text string }{
		{"nothing", ""},
		{"not JSON", "hello"},
		{"a list", `["offer"]`},
		{"wrong kind of switch", `{"type":"present","on":"yes"}`},
		{"wrong kind of field", `{"type":"offer","sdp":7}`},
		{"offer without SDP", `{"type":"offer"}`},
		{"SDP too long", `{"type":"offer","sdp":"` + strings.Repeat("x", maxSDP+1) + `"}`},
		{"name too long", `{"type":"hello","name":"` + long + `"}`},
		{"candidate too long", `{"type":"candidate","candidate":"` + long + `"}`},
		{"type too long", `{"type":"` + long + `"}`},
		{"message too long", `{"type":"hello","name":"` + strings.Repeat("x", maxMessage) + `"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if in, err := Parse([]byte(tc.text)); err == nil {
				t.Errorf("Parse accepted it as %+v", in)
			}
		})
	}
}

// TestParse keeps what a page sent; unknown fields and types are the receiver's to ignore.
func TestParse(t *testing.T) {
	in, err := Parse([]byte(`{"type":"offer","sdp":"v=0","id":3,"colour":"red"}`))
	if err != nil || in.Type != Offer || in.SDP != "v=0" || in.ID != 3 {
		t.Errorf("Parse = %+v, %v", in, err)
	}
}

// TestOutOnTheWire holds the messages to the shapes that the pages read.
func TestOutOnTheWire(t *testing.T) {
	for _, tc := range []struct {
		name string
		out  Out
		want string
	}{
		{"answer", Out{Type: Answer, SDP: "v=0", ID: 2}, `{"type":"answer","sdp":"v=0","id":2}`},
		{"connect", Out{Type: Connect, Servers: &Servers{ICEServers: []ICEServer{}}}, `{"type":"connect","iceServers":[],"relayOnly":false}`},
		{"state", Out{Type: State, View: &View{Status: "In call", Sending: true}}, `{"type":"state","status":"In call","sending":true}`},
		{"presentation", Out{Type: State, View: &View{Status: "In call", MayPresent: true, Presentation: &Presentation{Own: "on"}}},
			`{"type":"state","status":"In call","sending":false,"mayPresent":true,"presentation":{"own":"on"}}`},
		{"problem", Out{Type: State, View: &View{Status: "No active call", Error: &Problem{Code: "pin", Message: "m", Next: "n", Retry: true}}},
			`{"type":"state","status":"No active call","sending":false,"error":{"code":"pin","message":"m","next":"n","retry":true}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := json.Marshal(tc.out)
			if err != nil || string(got) != tc.want {
				t.Errorf("got %s, %v; want %s", got, err, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"offer","sdp":"v=0","id":1}`))
	f.Add([]byte(`{"type":"hello","conversation":"c","ticket":"t"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := Parse(data)
		if err == nil && (len(in.SDP) > maxSDP || len(in.Name) > maxShort || in.Type == Offer && in.SDP == "") {
			t.Errorf("Parse let %+v through", in)
		}
	})
}
