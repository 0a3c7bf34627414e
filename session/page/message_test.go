package page

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, data string
		ok         bool
	}{
		{"hello", `{"type":"hello","conversation":"c"}`, true},
		{"lock", `{"type":"lock","on":true}`, true},
		{"chat", `{"type":"chat","text":"Good morning"}`, true},
		{"chat that is too long", `{"type":"chat","text":"` + strings.Repeat("x", maxText+1) + `"}`, false},
		{"somebody with a long name", `{"type":"remove","who":"` + strings.Repeat("x", 129) + `"}`, false},
		{"offer without SDP", `{"type":"offer"}`, false},
		{"another shape", `{"type":"lock","on":"yes"}`, false},
		{"not an object", `[]`, false},
		{"not JSON", `{`, false},
		{"far too long", strings.Repeat(" ", maxMessage+1), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if in, err := Parse([]byte(tt.data)); (err == nil) != tt.ok {
				t.Errorf("Parse(%.60q) = %+v, %v; want it taken: %v", tt.data, in, err, tt.ok)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"offer","sdp":"v=0","id":1}`))
	f.Add([]byte(`{"type":"chat","text":"\u0000"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := Parse(data)
		if err == nil && (len(in.Text) > maxText || len(in.SDP) > maxSDP) {
			t.Errorf("Parse took a field over its limit: %d bytes of text, %d of SDP", len(in.Text), len(in.SDP))
		}
	})
}
