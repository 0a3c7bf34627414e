package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
)

// prefix begins every setting's name in the environment.
const prefix = "VIDEOLEG"

// Config is every setting, as DESIGN.md's table names them: the environment variable is
// VIDEOLEG_ and the name in the tag.
type Config struct {
	// Listen addresses of the two apps and of the administrator's page.
	AgentAddr    string `envconfig:"AGENT_ADDR" default:":8080"`
	CustomerAddr string `envconfig:"CUSTOMER_ADDR" default:":8081"`
	AdminAddr    string `envconfig:"ADMIN_ADDR" default:"127.0.0.1:9090"`

	// Public base URLs, as browsers and Pexip see them: https://agent.example.
	AgentURL    baseURL `envconfig:"AGENT_URL" default:"http://localhost:8080"`
	CustomerURL baseURL `envconfig:"CUSTOMER_URL" default:"http://localhost:8081"`

	// Certificate and key to serve HTTPS ourselves; both or neither.
	TLSCertFile string `envconfig:"TLS_CERT_FILE"`
	TLSKeyFile  string `envconfig:"TLS_KEY_FILE"`

	// SessionSecret seals cookies and links: at least 32 random bytes, base64.
	SessionSecret key `envconfig:"SESSION_SECRET"`

	// Genesys Cloud. The three URLs override the hosts that the region gives.
	GenesysRegion       string  `envconfig:"GENESYS_REGION" default:"mypurecloud.com"`
	GenesysAPIURL       baseURL `envconfig:"GENESYS_API_URL"`
	GenesysLoginURL     baseURL `envconfig:"GENESYS_LOGIN_URL"`
	GenesysAppsURL      baseURL `envconfig:"GENESYS_APPS_URL"`
	GenesysClientID     string  `envconfig:"GENESYS_CLIENT_ID"`
	GenesysClientSecret secret  `envconfig:"GENESYS_CLIENT_SECRET"`

	// Pexip Infinity. Nodes are base URLs in order of preference.
	PexipNodes          baseURLs `envconfig:"PEXIP_NODES"`
	PexipCAFile         string   `envconfig:"PEXIP_CA_FILE"`
	PexipAgentPrefix    string   `envconfig:"PEXIP_AGENT_PREFIX" default:"agt"`
	PexipCustomerPrefix string   `envconfig:"PEXIP_CUSTOMER_PREFIX" default:"cus"`
	PexipHostPIN        secret   `envconfig:"PEXIP_HOST_PIN"`
	PexipGuestPIN       secret   `envconfig:"PEXIP_GUEST_PIN"`
	PexipWebappPath     string   `envconfig:"PEXIP_WEBAPP_PATH" default:"/webapp/m"`

	// Rooms that the policy describes: their service tag, a theme that exists on the platform, the
	// layout, besteffort, on or off for encryption, the most participants (0 is no limit), and the
	// domain of their calling address, by default the host of the first node.
	PexipServiceTag string     `envconfig:"PEXIP_SERVICE_TAG" default:"videoleg"`
	PexipTheme      string     `envconfig:"PEXIP_THEME"`
	PexipLayout     layout     `envconfig:"PEXIP_LAYOUT" default:"five_mains_seven_pips"`
	PexipCryptoMode cryptoMode `envconfig:"PEXIP_CRYPTO_MODE"`
	PexipRoomLimit  int        `envconfig:"PEXIP_ROOM_LIMIT" default:"0"`
	PexipDomain     string     `envconfig:"PEXIP_DOMAIN"`

	// AliasSource says where the session ID stands in the conversation: ani-name, ani, sip-user
	// or attribute:NAME.
	AliasSource aliasSource `envconfig:"ALIAS_SOURCE" default:"ani-name"`

	// Media. Port 0 of UDP is any one port; port 0 of TCP is off. Public addresses are what we
	// advertise behind a NAT. Bandwidth is kbit/s each way.
	MediaMode          mediaMode `envconfig:"MEDIA_MODE" default:"relay"`
	MediaUDPPort       port      `envconfig:"MEDIA_UDP_PORT" default:"0"`
	MediaTCPPort       port      `envconfig:"MEDIA_TCP_PORT" default:"0"`
	MediaPublicIPs     addresses `envconfig:"MEDIA_PUBLIC_IPS"`
	MediaBandwidthKbps bandwidth `envconfig:"MEDIA_BANDWIDTH_KBPS" default:"1264"`

	// ContactCenterURI is what Pexip dials, e.g. sip:+15551234567@trunk.example.
	ContactCenterURI string `envconfig:"CONTACT_CENTER_URI"`

	// OutboundAliases are the video devices that agents dial from Genesys Cloud: a pattern of their
	// whole aliases, e.g. 30[0-9]{3}. OutboundURI is what Pexip calls for one: sip:{alias}@devices.example.
	OutboundAliases string `envconfig:"OUTBOUND_ALIASES"`
	OutboundURI     string `envconfig:"OUTBOUND_URI"`

	// Credentials of the HTTP faces that others call; unset, the face is off.
	PolicyUsername string   `envconfig:"POLICY_USERNAME"`
	PolicyPassword secret   `envconfig:"POLICY_PASSWORD"`
	EventsUsername string   `envconfig:"EVENTS_USERNAME"`
	EventsPassword secret   `envconfig:"EVENTS_PASSWORD"`
	APIKeys        []secret `envconfig:"API_KEYS"`

	// RequireRecording holds video back until Genesys records the call. HoldMutesCustomer hides
	// the customer from the agent as well while the call is held.
	RequireRecording  bool `envconfig:"REQUIRE_RECORDING" default:"false"`
	HoldMutesCustomer bool `envconfig:"HOLD_MUTES_CUSTOMER" default:"false"`

	// ShareEntireScreen lets agents share a whole screen; without it, tabs and windows only.
	ShareEntireScreen bool `envconfig:"SHARE_ENTIRE_SCREEN" default:"true"`

	// AdhocSessions lets the customer app's front page start a session without an invitation.
	AdhocSessions bool `envconfig:"ADHOC_SESSIONS" default:"false"`

	// CustomerExperience is embedded (our page) or webapp (Pexip's Web App 3).
	CustomerExperience experience `envconfig:"CUSTOMER_EXPERIENCE" default:"embedded"`

	// TrustedProxies are the CIDRs whose X-Forwarded-* headers count.
	TrustedProxies networks `envconfig:"TRUSTED_PROXIES"`

	// State: embedded on disk, or an outside NATS instead.
	StateDir string `envconfig:"STATE_DIR" default:"./data"`
	NATSURL  secret `envconfig:"NATS_URL"`

	// PPROF serves Go's profiles on the administrator's page.
	PPROF bool `envconfig:"PPROF" default:"false"`

	LogLevel  logLevel  `envconfig:"LOG_LEVEL" default:"info"`
	LogFormat logFormat `envconfig:"LOG_FORMAT" default:"text"`
}

// faults are everything that is wrong with a configuration, one sentence each.
type faults []string

func (f *faults) add(name, format string, args ...any) {
	*f = append(*f, prefix+"_"+name+": "+fmt.Sprintf(format, args...))
}

// has says that a fault of this setting is known.
func (f *faults) has(name string) bool {
	return slices.ContainsFunc(*f, func(fault string) bool { return strings.HasPrefix(fault, prefix+"_"+name+":") })
}

// err joins the faults into one line, or is nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return errors.New("configuration: " + strings.Join(f, "; "))
}

// loadConfig reads the environment, lets adjust change what was read (the demo sets its
// addresses), and checks all of it. The error names every fault at once, never a secret's value.
func loadConfig(adjust func(*Config)) (Config, error) {
	var c Config
	var f faults
	f = append(f, unknownNames(os.Environ())...)
	for {
		err := envconfig.Process(prefix, &c)
		var parse *envconfig.ParseError
		if !errors.As(err, &parse) {
			break
		}
		name := strings.TrimPrefix(parse.KeyName, prefix+"_")
		f.add(name, "%s", parseReason(parse))
		// The fault is noted and the program will not start: without the value the rest can be read.
		if err := os.Unsetenv(parse.KeyName); err != nil {
			return c, err
		}
	}
	if adjust != nil {
		adjust(&c)
	}
	c.check(&f)
	return c, f.err()
}

// parseReason says what is wrong with a value. Our own types explain themselves; for the
// library's the value may be shown, because no secret is of such a type.
func parseReason(parse *envconfig.ParseError) string {
	if parse.TypeName == "bool" {
		return fmt.Sprintf("%.40q is neither true nor false", parse.Value)
	}
	return parse.Err.Error()
}

// unknownNames returns a fault for each VIDEOLEG_ name that is no setting. Empty settings count
// as unset: they are taken out of the environment here.
func unknownNames(environ []string) faults {
	var known []string
	for field := range reflect.TypeFor[Config]().Fields() {
		known = append(known, field.Tag.Get("envconfig"))
	}
	var f faults
	for _, pair := range environ {
		full, value, _ := strings.Cut(pair, "=")
		name, ours := strings.CutPrefix(full, prefix+"_")
		switch {
		case !ours:
		case !slices.Contains(known, name):
			f.add(name, "no such setting%s", didYouMean(name, known))
		case value == "":
			_ = os.Unsetenv(full)
		}
	}
	slices.Sort(f)
	return f
}

// didYouMean proposes the known name that shares the longest beginning with a mistyped one.
func didYouMean(name string, known []string) string {
	best, most := "", 3
	for _, k := range known {
		n := 0
		for n < len(k) && n < len(name) && k[n] == name[n] {
			n++
		}
		if n > most {
			best, most = k, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s_%s?)", prefix, best)
}

// check finds what no single value can tell: what is missing, unreadable, or contradicts another.
func (c *Config) check(f *faults) {
	for _, need := range []struct {
		name, why string
		missing   bool
	}{
		{"SESSION_SECRET", "set it to 32 random bytes in base64: openssl rand -base64 32", len(c.SessionSecret) == 0},
		{"GENESYS_CLIENT_ID", "set it to the ID of the OAuth client (code grant)", c.GenesysClientID == ""},
		{"PEXIP_NODES", "set it to the base URL of a Conferencing Node, e.g. https://node.example", len(c.PexipNodes) == 0},
		{"PEXIP_HOST_PIN", "set it to the host PIN of the conferences", c.PexipHostPIN == ""},
	} {
		if need.missing && !f.has(need.name) {
			f.add(need.name, "missing; %s", need.why)
		}
	}
	c.checkAddresses(f)
	c.checkPexip(f)
	c.checkFiles(f)
	checkPair(f, "OUTBOUND_ALIASES", c.OutboundAliases, "OUTBOUND_URI", c.OutboundURI)
	checkPair(f, "POLICY_USERNAME", c.PolicyUsername, "POLICY_PASSWORD", string(c.PolicyPassword))
	checkPair(f, "EVENTS_USERNAME", c.EventsUsername, "EVENTS_PASSWORD", string(c.EventsPassword))
	if slices.ContainsFunc(c.APIKeys, func(k secret) bool { return len(k) < 16 }) {
		f.add("API_KEYS", "a key is empty or shorter than 16 characters; use long random ones")
	}
	if (c.GenesysAPIURL == "") != (c.GenesysLoginURL == "") || (c.GenesysAPIURL == "") != (c.GenesysAppsURL == "") {
		f.add("GENESYS_API_URL", "set it together with GENESYS_LOGIN_URL and GENESYS_APPS_URL, or none of them")
	}
}

func (c *Config) checkAddresses(f *faults) {
	seen := map[string]string{}
	for _, a := range []struct{ name, addr string }{
		{"AGENT_ADDR", c.AgentAddr}, {"CUSTOMER_ADDR", c.CustomerAddr}, {"ADMIN_ADDR", c.AdminAddr},
	} {
		_, p, err := net.SplitHostPort(a.addr)
		if err == nil {
			_, err = parsePort(p)
		}
		if err != nil {
			f.add(a.name, "%q is not an address to listen on, such as :8080 or 127.0.0.1:8080", a.addr)
			continue
		}
		if other, twice := seen[a.addr]; twice && p != "0" {
			f.add(a.name, "the same address as %s", other)
		}
		seen[a.addr] = a.name
	}
	if c.MediaTCPPort != 0 && len(c.TLSCertFile) == 0 && fmt.Sprint(c.MediaTCPPort) == portOf(c.AgentAddr) {
		f.add("MEDIA_TCP_PORT", "the same port as AGENT_ADDR")
	}
}

func portOf(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

func (c *Config) checkPexip(f *faults) {
	before := len(*f)
	checkPIN(f, "PEXIP_HOST_PIN", c.PexipHostPIN)
	checkPIN(f, "PEXIP_GUEST_PIN", c.PexipGuestPIN)
	if c.PexipGuestPIN != "" && c.PexipGuestPIN == c.PexipHostPIN {
		f.add("PEXIP_GUEST_PIN", "must differ from PEXIP_HOST_PIN")
	}
	checkPrefix(f, "PEXIP_AGENT_PREFIX", c.PexipAgentPrefix)
	checkPrefix(f, "PEXIP_CUSTOMER_PREFIX", c.PexipCustomerPrefix)
	if strings.HasPrefix(c.PexipAgentPrefix, c.PexipCustomerPrefix) || strings.HasPrefix(c.PexipCustomerPrefix, c.PexipAgentPrefix) {
		f.add("PEXIP_AGENT_PREFIX", "neither prefix may begin with the other, or an alias could be both")
	}
	if !strings.HasPrefix(c.PexipWebappPath, "/") || strings.ContainsAny(c.PexipWebappPath, "? ") {
		f.add("PEXIP_WEBAPP_PATH", "%q is not a path such as /webapp/m", c.PexipWebappPath)
	}
	if c.ContactCenterURI != "" && !strings.HasPrefix(c.ContactCenterURI, "sip:") && !strings.HasPrefix(c.ContactCenterURI, "sips:") {
		f.add("CONTACT_CENTER_URI", "%q does not begin with sip: or sips:", c.ContactCenterURI)
	}
	whole := (c.OutboundAliases == "") == (c.OutboundURI == "")
	if err := c.rooms().Check(); err != nil && len(*f) == before && c.PexipHostPIN != "" && whole {
		f.add("PEXIP_…", "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}

// checkPIN holds a PIN to Pexip's rule: 4 to 20 digits and an optional final #.
func checkPIN(f *faults, name string, pin secret) {
	digits := strings.TrimSuffix(string(pin), "#")
	if pin == "" {
		return
	}
	if len(digits) < 4 || len(digits) > 20 || strings.Trim(digits, "0123456789") != "" {
		f.add(name, "a PIN is 4 to 20 digits, with or without a final #")
	}
}

func checkPrefix(f *faults, name, value string) {
	if value == "" || len(value) > 20 || strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		f.add(name, "%q is not a prefix of 1 to 20 letters, digits, dots, dashes or underscores", value)
	}
}

func (c *Config) checkFiles(f *faults) {
	checkPair(f, "TLS_CERT_FILE", c.TLSCertFile, "TLS_KEY_FILE", c.TLSKeyFile)
	for _, file := range []struct{ name, path string }{
		{"TLS_CERT_FILE", c.TLSCertFile}, {"TLS_KEY_FILE", c.TLSKeyFile}, {"PEXIP_CA_FILE", c.PexipCAFile},
	} {
		if file.path == "" {
			continue
		}
		if _, err := os.ReadFile(file.path); err != nil {
			f.add(file.name, "cannot be read: %v", err)
		}
	}
}

func checkPair(f *faults, name, value, otherName, other string) {
	if value != "" && other == "" {
		f.add(otherName, "missing; %s_%s is set and needs it", prefix, name)
	}
	if value == "" && other != "" {
		f.add(name, "missing; %s_%s is set and needs it", prefix, otherName)
	}
}

// shutdownTime bounds an orderly stop: sessions are released and connections closed within it.
const shutdownTime = 8 * time.Second
