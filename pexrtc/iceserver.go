package pexrtc

import (
	"regexp"
	"strconv"
)

// ICEServer is a STUN or TURN server the node wants us to use, by addresses that every ICE stack takes.
type ICEServer struct {
	URLs                 []string
	Username, Credential string
}

const (
	maxServers  = 16  // STUN and TURN entries each
	maxURLs     = 8   // of an entry
	maxURL      = 512 // bytes
	maxTURNUser = 509 // bytes: RFC 8489, section 14.3
)

// server is one STUN or TURN entry; clients are seen to read url and urls.
type server struct {
	URL        list `json:"url"`
	URLs       list `json:"urls"`
	Username   text `json:"username"`
	Credential text `json:"credential"`
}

// iceServers turns both lists into one, leaving out what can be of no use.
func iceServers(lists ...[]server) []ICEServer {
	var all []ICEServer
	for _, l := range lists {
		for _, s := range l[:min(len(l), maxServers)] {
			var urls []string
			for _, u := range append(s.URL, s.URLs...) {
				if len(urls) < maxURLs && s.takes(u) {
					urls = append(urls, u)
				}
			}
			if len(urls) > 0 {
				all = append(all, ICEServer{URLs: urls, Username: string(s.Username), Credential: string(s.Credential)})
			}
		}
	}
	return all
}

// iceURL is the form of RFC 7064 and RFC 7065; a TURN scheme and the port are groups.
var iceURL = regexp.MustCompile(`^(?:stuns?:|(turns?):)([\w.-]+|\[[[:xdigit:]:.]+\])(?::(\d{1,5}))?(\?transport=(?:udp|tcp))?$`)

// takes reports whether an address of the entry is one that browsers take. They make no connection at all if any of their
// servers is malformed, or a TURN server without credentials: one bad entry must not cost the call.
func (s server) takes(u string) bool {
	m := iceURL.FindStringSubmatch(u)
	if m == nil || len(u) > maxURL {
		return false
	}
	turn, port, transport := m[1] != "", m[3], m[4]
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return false
	}
	if !turn {
		return transport == ""
	}
	return s.Username != "" && s.Credential != "" && len(s.Username) <= maxTURNUser
}
