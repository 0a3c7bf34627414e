package main

import (
	"net"
	"slices"
	"testing"
)

func TestMediaIPs(t *testing.T) {
	far := []net.IP{net.IPv4(192, 0, 2, 7), net.ParseIP("2001:db8::7")}
	all := slices.Concat(far, loopback)
	const agent, node = "https://video.example", "https://node.example"
	for _, tc := range []struct {
		name, agent, node string
		has, want         []net.IP
	}{
		{"everybody is elsewhere", agent, node, all, far},
		{"the browser is here", "http://localhost:8080", node, all, all},
		{"by number", "http://127.0.0.1:8080", node, all, all},
		{"a node is here", agent, "http://[::1]:8083", all, all},
		{"there is nothing else", agent, node, loopback, loopback},
		{"a name that only looks like it", "https://localhost.example", node, all, far},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := Config{AgentURL: baseURL(tc.agent), PexipNodes: baseURLs{node, tc.node}}
			if got := mediaIPs(tc.has, cfg); !slices.EqualFunc(got, tc.want, net.IP.Equal) {
				t.Errorf("mediaIPs = %v, want %v", got, tc.want)
			}
		})
	}
}
