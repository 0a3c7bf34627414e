package main

import (
	"net"
	"net/url"
	"slices"
)

// mediaIPs are those of this machine's addresses that media listens on. Loopback is among them only where a browser or a
// node may be here too, or there is nothing else: browsers elsewhere would look for it on their own machine, and may have
// to ask their user for leave.
func mediaIPs(all []net.IP, cfg Config) []net.IP {
	others := slices.DeleteFunc(slices.Clone(all), net.IP.IsLoopback)
	if len(others) == 0 || onThisMachine(string(cfg.AgentURL)) || slices.ContainsFunc(cfg.PexipNodes, onThisMachine) {
		return all
	}
	return others
}

func onThisMachine(base string) bool {
	u, err := url.Parse(base)
	return err == nil && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}
