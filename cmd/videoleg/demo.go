package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/seal"
)

// demo is the server between two stand-ins on this machine: a whole contact centre. The server
// does not know: only the addresses are others.
func demo(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	base := flags.Int("port-base", 8080, "first of the four ports")
	nodeTLS := flags.String("node-tls", "", "address to serve the stand-in node over HTTPS as well")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *base < 1 || *base > 65532 {
		return fmt.Errorf("%w: videoleg demo: -port-base %d is not a port from 1 to 65532", errUsage, *base)
	}
	fmt.Fprintln(out, "Starting a contact centre on this machine …")
	d, err := newDemo(*base, *nodeTLS)
	if err != nil {
		return err
	}
	defer d.close()
	d.tell(out)
	return d.server.run(ctx)
}

// demonstration is everything that the demo runs.
type demonstration struct {
	node    *pexrtctest.Server
	genesys *genesystest.Server
	secure  *secureNode // nil unless asked for
	server  *server
}

func newDemo(base int, nodeTLS string) (d *demonstration, err error) {
	d = &demonstration{}
	defer func(d *demonstration) {
		if err != nil {
			d.close()
		}
	}(d)
	listeners, err := listenAll(base, 4)
	if err != nil {
		return nil, err
	}
	agent, customer := localURL(listeners[0]), localURL(listeners[1])
	// The apps open their listeners themselves, on the ports that were free a moment ago.
	listeners[0].Close()
	listeners[1].Close()
	clientSecret := rand.Text()
	cfg, err := loadConfig(func(c *Config) {
		c.AgentAddr, c.CustomerAddr, c.AdminAddr = listeners[0].Addr().String(), listeners[1].Addr().String(), "127.0.0.1:0"
		c.AgentURL, c.CustomerURL = baseURL(agent), baseURL(customer)
		c.SessionSecret = key(rand.Text() + rand.Text())
		c.GenesysRegion, c.GenesysClientID, c.GenesysClientSecret = "mypurecloud.com", "videoleg-demo", secret(clientSecret)
		c.GenesysAPIURL, c.GenesysLoginURL, c.GenesysAppsURL = baseURL(localURL(listeners[2])), baseURL(localURL(listeners[2])), baseURL(localURL(listeners[2]))
		c.PexipNodes = baseURLs{localURL(listeners[3])}
		c.PexipHostPIN, c.PexipGuestPIN = secret(randomPIN()), ""
		if c.PolicyUsername == "" {
			c.PolicyUsername, c.PolicyPassword = "node", secret(rand.Text())
		}
		if c.EventsUsername == "" {
			c.EventsUsername, c.EventsPassword = "node", secret(rand.Text())
		}
		if len(c.APIKeys) == 0 {
			c.APIKeys = []secret{secret(rand.Text())}
		}
		c.ContactCenterURI, c.PexipDomain = "sip:+15551234567@trunk.example", "video.example"
		if c.OutboundAliases == "" {
			c.OutboundAliases, c.OutboundURI = "branch[0-9]+|30[0-9]{3}", "sip:{alias}"+deviceDomain
		}
		c.AdhocSessions, c.StateDir, c.NATSURL = true, "", "" // the state is in memory
		if os.Getenv(prefix+"_LOG_LEVEL") == "" {
			c.LogLevel = logLevel(slog.LevelWarn)
		}
	})
	if err != nil {
		listeners[2].Close()
		listeners[3].Close()
		return nil, err
	}
	// Firefox does not look for loopback addresses from others.
	media, err := relay.LocalIPs()
	if err != nil {
		return nil, errors.Join(err, listeners[2].Close(), listeners[3].Close())
	}
	log := newLog(os.Stderr, cfg)
	d.genesys = genesystest.New(genesystest.Options{
		Listener: listeners[2], URL: localURL(listeners[2]), Log: log.With("stand-in", "genesys"),
		Clients:          []genesystest.OAuthClient{{ID: cfg.GenesysClientID, Secret: clientSecret, RedirectURIs: []string{agent + "/oauth/callback"}}},
		WidgetURL:        agent + "/?conversationid={{pcConversationId}}&pcLangTag={{pcLangTag}}",
		SimulateCustomer: d.simulateCustomer, Trunk: d.dialled,
	})
	d.node = pexrtctest.New(pexrtctest.Options{
		Listener: listeners[3], Log: log.With("stand-in", "node"), HostPIN: string(cfg.PexipHostPIN), Dial: trunk(d.genesys), MediaIPs: media,
		TokenGrace:   5 * time.Second, // some outside clients overlap their refreshes
		PolicyURL:    withCredentials(customer, cfg.PolicyUsername, cfg.PolicyPassword),
		EventSinkURL: withCredentials(customer, cfg.EventsUsername, cfg.EventsPassword) + "/events", EventBulk: true,
	})
	if nodeTLS != "" {
		if d.secure, err = serveTLS(nodeTLS, d.node.Handler()); err != nil {
			return nil, err
		}
	}
	if d.server, err = newServer(cfg, media, log); err != nil {
		return nil, err
	}
	d.node.SetFaults(pexrtctest.Faults{OnRequestToken: d.welcome})
	return d, nil
}

// welcome opens a session for whoever joins the node by an alias of ours: clients from outside need
// no invitation in the demo.
func (d *demonstration) welcome(join pexrtctest.Join) *pexrtctest.Fault {
	for _, prefix := range []string{d.server.cfg.PexipCustomerPrefix, d.server.cfg.PexipAgentPrefix} {
		if id, ours := strings.CutPrefix(join.Alias, prefix); ours {
			d.server.visits.Announce(id, demoLife)
		}
	}
	return nil
}

// withCredentials is an address as the stand-in node takes it.
func withCredentials(address, username string, password secret) string {
	scheme, rest, _ := strings.Cut(address, "://")
	return scheme + "://" + url.UserPassword(username, string(password)).String() + "@" + rest
}

// simulateCustomer lets somebody call who has no second browser: the node sends his picture.
func (d *demonstration) simulateCustomer(context.Context) error {
	id := seal.RandomText(16)
	d.server.visits.Announce(id, demoLife)
	_, err := d.node.SimulateCustomer(d.server.cfg.PexipCustomerPrefix+id, "Simulated customer")
	return err
}

// demoLife is how long a session is open that no page of ours has begun.
const demoLife = 4 * time.Hour

// tell prints where to go.
func (d *demonstration) tell(out io.Writer) {
	fmt.Fprintf(out, `
  1. Agent desktop   %s/?agent=ada
  2. Customer page   %s

Open the desktop, then the customer page in another window: enter a name, agree, start. The desktop
rings: answer, and the video opens beside the call. Without a camera, press "Simulate a customer
call" in the desktop. To call a video device yourself, dial branch7 there; branch0 never answers.

  agent app          %s
  stand-in node      %s  (any room: cus, agt or nothing, and an ID such as 4711abcd; host PIN %s)
`, d.genesys.URL, d.server.cfg.CustomerURL, d.server.cfg.AgentURL, d.node.URL, string(d.server.cfg.PexipHostPIN))
	fmt.Fprintf(out, "  an invitation      curl -X POST -H 'X-API-Key: %s' %s/api/v1/invitations\n", string(d.server.cfg.APIKeys[0]), d.server.cfg.CustomerURL)
	if d.secure != nil {
		fmt.Fprintf(out, "  the same by HTTPS  https://%s  (certificate: %s)\n", d.secure.addr, d.secure.certificate)
	}
	fmt.Fprintf(out, "  health, metrics    http://%s/healthz, /metrics\n\nStop with Ctrl-C.\n", d.server.addresses()["admin"])
}

func (d *demonstration) close() {
	if d.server == nil {
		return
	}
	if d.secure != nil {
		d.secure.close()
	}
	d.node.Close()
	d.genesys.Close()
}

// listenAll opens n ports in a row on the loopback address.
func listenAll(base, n int) ([]net.Listener, error) {
	var all []net.Listener
	for i := range n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+i))
		if err != nil {
			for _, open := range all {
				open.Close()
			}
			return nil, fmt.Errorf("demo: port %d: %w; choose other ports with -port-base", base+i, errors.Unwrap(err))
		}
		all = append(all, l)
	}
	return all, nil
}

func localURL(l net.Listener) string {
	return fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

func randomPIN() string {
	n, err := rand.Int(rand.Reader, big.NewInt(900000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return fmt.Sprint(100000 + n.Int64())
}

// demoCertificateLife is how long the certificate of -node-tls is good.
const demoCertificateLife = 30 * 24 * time.Hour
