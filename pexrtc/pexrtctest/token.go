package pexrtctest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

const reasonTokenExpired = "Timer expired awaiting token refresh"

// ticket is a one-time token: it lets its holder into a room without a PIN (event refer).
type ticket struct {
	alias string
	role  string
}

// joinBody is the body of request_token, as far as this node cares.
type joinBody struct {
	DisplayName string `json:"display_name"`
	CallTag     string `json:"call_tag"`
	DirectMedia bool   `json:"direct_media"`
	Token       string `json:"token"`
}

// requestToken lets a client into a room (client API, request_token).
func (s *Server) requestToken(r *request) reply {
	var body joinBody
	if r.decode(&body) != nil || len(body.DisplayName) > maxName || len(body.CallTag) > maxCallTag {
		return badRequest
	}
	pin := r.Header.Get("pin")
	if hook := s.faults.Load().OnRequestToken; hook != nil {
		join := Join{r.alias, body.DisplayName, body.CallTag, pin, body.DirectMedia}
		if reply, spoiled := hook(join).reply(r.Request); spoiled {
			return reply
		}
	}
	if s.maintenance.Load() {
		return answer(http.StatusServiceUnavailable, "Maintenance mode")
	}
	p := &participant{
		alias: r.alias, displayName: body.DisplayName, callTag: body.CallTag,
		protocol: protocolAPI, direction: "in",
	}
	setDefault(&p.displayName, r.alias)
	service, err := s.resolve(r.Context(), p)
	if err != nil {
		return unresolved(r, err)
	}
	role, asked := s.roleOf(r.alias, service, pin, body.Token)
	if asked.status != 0 {
		return asked
	}
	p.role = role
	if refused := s.properties(r.Context(), service, p, apiKind(role)); refused.status != 0 {
		return refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.join(service, p); refused.status != 0 {
		return refused
	}
	s.issueToken(p)
	return answer(http.StatusOK, s.joined(p, body.DirectMedia))
}

// unresolved turns an error of Resolve into an answer.
func unresolved(r *request, err error) reply {
	if fault := new(Fault); errors.As(err, &fault) {
		if a, spoiled := fault.reply(r.Request); spoiled {
			return a
		}
	}
	return answer(http.StatusNotFound, "Neither conference nor gateway found")
}

// roleOf checks the one-time token or the PIN. A reply with a status is the answer to give.
func (s *Server) roleOf(alias string, service Service, pin, oneTime string) (string, reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, known := s.tickets[oneTime]; known && t.alias == alias {
		delete(s.tickets, oneTime)
		return t.role, reply{}
	}
	role, valid := service.admit(pin)
	if !valid {
		return "", answer(http.StatusForbidden, "Invalid PIN")
	}
	if role == "" {
		return "", answer(http.StatusForbidden, map[string]any{
			"pin": "required", "guest_pin": service.guestPIN(), "version": s.version(),
		})
	}
	return role, reply{}
}

// apiKind is the participant_type of a join: a host starts the conference.
func apiKind(role string) string {
	if role == roleChair {
		return "api_host"
	}
	return "api"
}

// joined is the result of a successful request_token.
func (s *Server) joined(p *participant, directMedia bool) map[string]any {
	result := map[string]any{
		"token":                        p.token,
		"expires":                      s.expires(),
		"participant_uuid":             p.uuid,
		"role":                         capitalRole(p.role),
		"display_name":                 p.displayName,
		"call_tag":                     p.callTag,
		"conference_name":              p.conference.service.Name,
		"service_name":                 p.conference.service.Name,
		"service_type":                 "conference",
		"current_service_type":         p.serviceType(),
		"call_type":                    "video",
		"version":                      s.version(),
		"chat_enabled":                 true,
		"fecc_enabled":                 false,
		"rtmp_enabled":                 false,
		"rtsp_enabled":                 false,
		"breakout_rooms":               false,
		"live_captions_available":      false,
		"analytics_enabled":            false,
		"guests_can_present":           !p.conference.hostsPresent,
		"allow_1080p":                  false,
		"vp9_enabled":                  s.offers(VP9),
		"trickle_ice_enabled":          true,
		"bandwidth_in":                 s.opts.Bandwidth,
		"bandwidth_out":                s.opts.Bandwidth,
		"direct_media":                 s.opts.DirectMedia && directMedia,
		"pex_datachannel_id":           3,
		"client_stats_update_interval": 10000,
		"use_relay_candidates_only":    s.opts.RelayOnly,
	}
	s.addServers(result)
	return result
}

// addServers announces STUN and TURN; an empty list is left out, as official clients stumble on it.
func (s *Server) addServers(result map[string]any) {
	stun := make([]map[string]string, len(s.opts.STUN))
	for i, url := range s.opts.STUN {
		stun[i] = map[string]string{"url": url}
	}
	if len(stun) > 0 {
		result["stun"] = stun
	}
	if len(s.opts.TURN) > 0 {
		result["turn"] = s.opts.TURN
	}
}

// refreshToken gives a new token; the old one is dead from then on, or soon.
func (s *Server) refreshToken(r *request) reply {
	s.issueToken(r.actor)
	return answer(http.StatusOK, map[string]any{
		"token": r.actor.token, "expires": s.expires(), "role": capitalRole(r.actor.role),
	})
}

// releaseToken is how a client leaves.
func (s *Server) releaseToken(r *request) reply {
	s.remove(r.actor, "")
	return done
}

// issueToken replaces a participant's token and starts its life; s.mu is held.
func (s *Server) issueToken(p *participant) {
	if old := p.token; old != "" && s.opts.TokenGrace > 0 {
		s.later(s.opts.TokenGrace, func() { delete(s.tokens, old) })
	} else {
		delete(s.tokens, old)
	}
	p.token = newToken()
	s.tokens[p.token] = p
	if p.tokenTimer != nil {
		p.tokenTimer.Stop()
	}
	p.tokenTimer = s.later(s.opts.TokenLife, func() { s.remove(p, reasonTokenExpired) })
	s.touch()
}

// expires is a string of seconds, as real nodes write it; at least one.
func (s *Server) expires() string {
	return strconv.Itoa(max(1, int(s.opts.TokenLife/time.Second)))
}

func (s *Server) version() map[string]string {
	return map[string]string{
		"version_id":     s.opts.Version,
		"pseudo_version": fmt.Sprintf("%s000.0.0", s.opts.Version),
	}
}

func (s *Server) status(*request) reply {
	if s.maintenance.Load() {
		return answer(http.StatusServiceUnavailable, "Maintenance mode")
	}
	return answer(http.StatusOK, "OK")
}

// newToken is opaque and ends with a = like real ones, but needs no escaping in a URL, where official
// clients put it as it is.
func newToken() string {
	var b [47]byte
	_, _ = rand.Read(b[:])
	return base64.URLEncoding.EncodeToString(b[:])
}

func newUUID() string { return uuid.NewString() }
