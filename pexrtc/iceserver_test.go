package pexrtc

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// TestBadICEServersAreLeftOut: a browser that is given one of them makes no connection at all.
func TestBadICEServersAreLeftOut(t *testing.T) {
	key := server{Username: "u", Credential: "c"}
	for _, tc := range []struct {
		name string
		key  server // the credentials of the entry
		good []string
		bad  []string
	}{
		{"STUN", server{}, []string{
			"stun:s.example", "stun:s.example:3478", "stuns:192.0.2.1:5349", "stun:[2001:db8::1]:3478", "stun:[2001:db8::1]",
		}, []string{
			"stun:", "stun:s.example:", "stun:s.example:0", "stun:s.example:65536", "stun:s.example:x", "stun::3478",
			"stun://s.example", "stun:s.example?transport=udp", "stun:s.example?", "stun:u@s.example", "stun:s example",
			"stun:2001:db8::1", "stun:s.example/path", "stun:s.example\n", "STUN:s.example", "http://s.example", "nonsense", "",
			"stun:" + strings.Repeat("s", maxURL),
		}},
		{"TURN", key, []string{
			"turn:t.example", "turn:t.example:3478?transport=udp", "turns:t.example:443?transport=tcp", "turn:[::1]?transport=tcp",
		}, []string{
			"turn:", "turn:t.example?", "turn:t.example?transport=", "turn:t.example?transport=sctp", "turn:t.example?transport=udp&x=y",
			"turn:t.example?x=y", "turn://t.example:3478",
		}},
		{"TURN without a user", server{Credential: "c"}, nil, []string{"turn:t.example", "turns:t.example"}},
		{"TURN without a credential", server{Username: "u"}, nil, []string{"turn:t.example", "turns:t.example"}},
		{"TURN without either, STUN beside it", server{}, []string{"stun:t.example"}, []string{"turn:t.example"}},
		{"TURN with a user too long", server{Username: text(strings.Repeat("u", 510)), Credential: "c"}, nil, []string{"turn:t.example"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var lists [][]server
			for _, u := range slices.Concat(tc.bad, tc.good, tc.bad) {
				entry := tc.key
				entry.URLs = list{u}
				lists = append(lists, []server{entry})
			}
			var got []string
			for _, s := range iceServers(lists...) {
				got = append(got, s.URLs...)
			}
			if !slices.Equal(got, tc.good) {
				t.Errorf("kept %q, want %q", got, tc.good)
			}
			mixed := tc.key
			mixed.URL, mixed.URLs = list(tc.bad), list(tc.good)
			var want []ICEServer
			if len(tc.good) > 0 {
				want = []ICEServer{{URLs: tc.good, Username: string(tc.key.Username), Credential: string(tc.key.Credential)}}
			}
			if got := iceServers([]server{mixed}); !reflect.DeepEqual(got, want) {
				t.Errorf("of one entry: %+v, want %+v", got, want)
			}
		})
	}
}

// FuzzICEServers: whatever is kept, our own ICE stack takes as well.
func FuzzICEServers(f *testing.F) {
	f.Add(`{"urls":["turn:t.example?transport=udp","turn:[::1]:3478"],"username":"u","credential":"c"}`)
	f.Add(`{"url":"stun:s.example:65535"}`)
	f.Fuzz(func(t *testing.T, in string) {
		var s server
		if json.Unmarshal([]byte(in), &s) != nil {
			return
		}
		for _, kept := range iceServers([]server{s}) {
			for _, u := range kept.URLs {
				uri, err := stun.ParseURI(u)
				if err != nil || uri.Host == "" || uri.Port < 1 || uri.Port > 65535 {
					t.Errorf("kept %q: %+v, %v", u, uri, err)
				}
			}
		}
	})
}
