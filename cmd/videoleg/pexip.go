package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/videoleg/videoleg/customerapp"
	"github.com/videoleg/videoleg/pexrtc/events"
	"github.com/videoleg/videoleg/pexrtc/policy"
	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/invite"
)

// rooms are what Pexip is told about every room, by the server and by the local policy alike.
func (c *Config) rooms() policy.Rooms {
	return policy.Rooms{
		AgentPrefix: c.PexipAgentPrefix, CustomerPrefix: c.PexipCustomerPrefix,
		HostPIN: string(c.PexipHostPIN), GuestPIN: string(c.PexipGuestPIN),
		ContactCenter: c.ContactCenterURI, Domain: c.callingDomain(),
		Outbound: c.OutboundAliases, Device: c.OutboundURI,
		ServiceTag: c.PexipServiceTag, Theme: c.PexipTheme, Layout: string(c.PexipLayout),
		Crypto: string(c.PexipCryptoMode), Limit: c.PexipRoomLimit,
	}
}

// outbound says which of the addresses that agents dial have video.
func (c *Config) outbound() session.Outbound {
	o := session.Outbound{URI: c.OutboundURI}
	if c.OutboundAliases != "" {
		o.Aliases = regexp.MustCompile("^(" + c.OutboundAliases + ")$") // it was checked
	}
	return o
}

// callingDomain is what a room's calling address ends with: the setting, or the host of the first
// node.
func (c *Config) callingDomain() string {
	if c.PexipDomain != "" || len(c.PexipNodes) == 0 {
		return c.PexipDomain
	}
	u, err := url.Parse(c.PexipNodes[0])
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// printPolicy prints the local policy: for sites whose nodes may not ask a server, and as a second
// lock for those that do. It holds the PINs, as it must.
func printPolicy(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("policy", flag.ContinueOnError)
	of := flags.String("for", "service", "script to print: service or participant")
	if err := parse(flags, args); err != nil {
		return err
	}
	cfg, err := loadConfig(nil)
	if err != nil {
		return err
	}
	scripts := map[string]func() (string, error){"service": cfg.rooms().ServiceScript, "participant": cfg.rooms().ParticipantScript}
	script := scripts[*of]
	if script == nil {
		return fmt.Errorf("%w: videoleg policy: -for %.40q is neither service nor participant", errUsage, *of)
	}
	text, err := script()
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// policyFace is where the nodes ask.
func (s *server) policyFace(registry prometheus.Registerer) (customerapp.Face, error) {
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "videoleg_policy_decisions_total", Help: "Answers to policy requests of Pexip, by the code of their reason."},
		[]string{"request", "verdict", "reason"})
	seconds := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "videoleg_policy_seconds", Help: "From a policy request to its answer. Pexip waits 5 s.",
		Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, 1, 3, 5}})
	registry.MustRegister(decisions, seconds)
	decisions.WithLabelValues("service", string(policy.Room), "customer") // it is there before the first
	answers, err := policy.New(policy.Config{
		Rooms: s.cfg.rooms(), Open: s.openSession, Log: s.log.With("face", "policy"),
		Observe: func(d policy.Decision) {
			decisions.WithLabelValues(d.Request, string(d.Verdict), d.Reason).Inc()
			seconds.Observe(d.Took.Seconds())
		},
	})
	if err != nil {
		return customerapp.Face{}, err
	}
	if s.cfg.PolicyUsername != "" && s.cfg.ContactCenterURI == "" {
		s.log.Warn("rooms will call nobody: " + prefix + "_CONTACT_CENTER_URI is not set")
	}
	return customerapp.Face{Handler: answers, Username: s.cfg.PolicyUsername, Password: string(s.cfg.PolicyPassword)}, nil
}

// eventsFace is where the nodes tell what happens. What any replica is told, all of them hear, and
// one that starts hears what was told before.
func (s *server) eventsFace(registry prometheus.Registerer) (customerapp.Face, error) {
	told := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "videoleg_events_total", Help: "Events of Pexip's event sinks, by what became of them."}, []string{"event", "outcome"})
	registry.MustRegister(told)
	told.WithLabelValues("conference_started", "taken") // it is there before the first
	records := session.NewRecorder(s.sessions.Record, s.log)
	news := session.News{Calls: s.calls, Visits: s.visits, Closed: records.Closed}
	sink := events.New(events.Config{
		ServiceTag: s.cfg.PexipServiceTag, Changed: news.Take, Log: s.log.With("face", "events"),
		Share:   s.news.Append,
		Observe: func(event, outcome string) { told.WithLabelValues(event, outcome).Inc() },
	})
	ctx, cancel := context.WithTimeout(context.Background(), stateTime)
	defer cancel()
	unfollow, err := s.news.Follow(ctx, sink.Take)
	if err != nil {
		records.Close()
		return customerapp.Face{}, err
	}
	s.unfollow = func() {
		unfollow()
		records.Close()
	}
	s.running = func(id string) (invite.Call, bool) {
		room, runs := sink.Room(id)
		return news.Call(room), runs
	}
	return customerapp.Face{Handler: sink, Username: s.cfg.EventsUsername, Password: string(s.cfg.EventsPassword)}, nil
}

// centreTime is how long a room that our policy describes may take to reach the contact centre: Pexip
// waits 10 s and more before it calls.
const centreTime = 90 * time.Second

// waitForCentre is centreTime, or 0 where it is not our policy that has the centre called.
func (c *Config) waitForCentre() time.Duration {
	if c.PolicyUsername == "" || c.ContactCenterURI == "" {
		return 0
	}
	return centreTime
}

// layout is a view of a conference.
type layout string

func (l *layout) Decode(v string) error { return choose((*string)(l), v, policy.Layouts...) }

// cryptoMode says whether a room takes media in the clear.
type cryptoMode string

func (m *cryptoMode) Decode(v string) error {
	return choose((*string)(m), v, "besteffort", "on", "off")
}
