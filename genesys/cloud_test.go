package genesys

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	good := Config{Region: "mypurecloud.ie", ClientID: "client-1", RedirectURL: "https://agent.example/oauth/callback"}
	tests := []struct {
		name   string
		change func(*Config)
		faults []string // empty: none
		kind   error
	}{
		{name: "good", change: func(*Config) {}},
		{name: "AWS name", change: func(c *Config) { c.Region = "eu-west-1" }},
		{name: "spaces and capitals", change: func(c *Config) { c.Region = " MyPureCloud.IE " }},
		{name: "unknown region", change: func(c *Config) { c.Region = "mypurecloud.evil" }, kind: ErrBadRegion,
			faults: []string{`"mypurecloud.evil"`, "mypurecloud.com.au"}},
		{name: "no region", change: func(c *Config) { c.Region = "" }, kind: ErrBadRegion, faults: []string{"use one of"}},
		{name: "unknown region, one address", change: func(c *Config) { c.Region, c.APIURL = "new", "https://api.new" },
			kind: ErrBadRegion, faults: []string{`"new"`}},
		{name: "unknown region, all addresses", change: func(c *Config) {
			c.Region, c.APIURL, c.LoginURL, c.AppsURL = "new", "https://api.new", "https://login.new", "https://apps.new/"
		}},
		{name: "faults are all named", change: func(c *Config) { *c = Config{Region: "mypurecloud.ie", APIURL: "api.new"} },
			faults: []string{"api address", "client ID", "redirect address"}},
		{name: "address of another scheme", change: func(c *Config) { c.LoginURL = "ftp://login.new" }, faults: []string{"login address"}},
		{name: "address with a user", change: func(c *Config) { c.LoginURL = "https://me:secret@login.new" }, faults: []string{"user"}},
		{name: "address with a query", change: func(c *Config) { c.AppsURL = "https://apps.new/?a=b" }, faults: []string{"query"}},
		{name: "address that is none", change: func(c *Config) { c.AppsURL = "https://apps.new:port" }, faults: []string{"apps address"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := good
			tt.change(&cfg)
			_, err := New(cfg)
			if (err != nil) != (len(tt.faults) > 0) || !errors.Is(err, tt.kind) && tt.kind != nil {
				t.Fatalf("got %v, want kind %v", err, tt.kind)
			}
			for _, fault := range tt.faults {
				if !strings.Contains(err.Error(), fault) {
					t.Errorf("got %q, want it to name %q", err, fault)
				}
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("%q shows a password", err)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	for _, r := range regions {
		t.Run(r.domain, func(t *testing.T) {
			c, err := New(Config{Region: r.domain, ClientID: "client-1", RedirectURL: "https://agent.example/oauth/callback"})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := c.api.String(), "https://api."+r.domain; got != want {
				t.Errorf("API %s, want %s", got, want)
			}
			if got, want := c.AppsOrigin(), "https://apps."+r.domain; got != want {
				t.Errorf("apps %s, want %s", got, want)
			}
			want := []string{"https://apps." + r.domain, "https://*." + r.domain}
			if got := c.FrameAncestors(); !slices.Equal(got, want) {
				t.Errorf("frame ancestors %v, want %v", got, want)
			}
			for _, environment := range []string{r.domain, r.env, "https://apps." + r.domain} {
				if !KnownEnvironment(environment) || !c.Serves(environment) {
					t.Errorf("%s: known %v, served %v", environment, KnownEnvironment(environment), c.Serves(environment))
				}
				for _, other := range regions {
					if other != r && other.matches(environment) {
						t.Errorf("%s matches %s too", environment, other.domain)
					}
				}
			}
		})
	}
}

func TestServes(t *testing.T) {
	region := Config{Region: "mypurecloud.com", ClientID: "client-1", RedirectURL: "https://agent.example/oauth/callback"}
	standIn := region
	standIn.Region = ""
	standIn.APIURL, standIn.LoginURL, standIn.AppsURL = "http://localhost:8082", "http://localhost:8082", "http://localhost:8082/"
	tests := []struct {
		environment    string
		known          bool
		cloud, standIn bool
	}{
		{"", false, true, true},
		{"mypurecloud.com", true, true, false},
		{"MyPureCloud.com", true, true, false},
		{"apps.mypurecloud.com", true, true, false},
		{"prod", true, true, false},
		{"prod-euw1", true, false, false},
		{"fedramp-use2-core", true, false, false},
		{"mypurecloud.com.au", true, false, false},
		{"evilmypurecloud.com", false, false, false},
		{"mypurecloud.com.evil.example", false, false, false},
		{"https://mypurecloud.com@evil.example", false, false, false},
		{"https://evil.example/mypurecloud.com", false, false, false},
		{"evil.example?.mypurecloud.com", false, false, false},
		{"evil.example#.mypurecloud.com", false, false, false},
		{`evil.example\.mypurecloud.com`, false, false, false},
		{"localhost:8082", false, false, true},
		{"http://localhost:8082", false, false, true},
		{"localhost", false, false, true},
		{"{{pcEnvironment}}", false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.environment, func(t *testing.T) {
			if got := KnownEnvironment(tt.environment); got != tt.known {
				t.Errorf("KnownEnvironment = %v, want %v", got, tt.known)
			}
			for cfg, want := range map[*Config]bool{&region: tt.cloud, &standIn: tt.standIn} {
				c, err := New(*cfg)
				if err != nil {
					t.Fatal(err)
				}
				if got := c.Serves(tt.environment); got != want {
					t.Errorf("%s serves %q: %v, want %v", c.AppsOrigin(), tt.environment, got, want)
				}
			}
		})
	}
}

func TestStandInAncestors(t *testing.T) {
	c, err := New(Config{Region: "mypurecloud.com", AppsURL: "http://localhost:8082/desktop", ClientID: "client-1",
		RedirectURL: "http://localhost:8080/oauth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.FrameAncestors(); !slices.Equal(got, []string{"http://localhost:8082"}) {
		t.Errorf("got %v", got)
	}
}

func TestPlainHTTPIsToldOf(t *testing.T) {
	for api, want := range map[string]bool{"http://localhost:8082": false, "http://127.0.0.1:1": false, "https://api.new": false,
		"http://genesys:8082": true} {
		var log strings.Builder
		_, err := New(Config{APIURL: api, LoginURL: "https://login.new", AppsURL: "https://apps.new", ClientID: "client-1",
			RedirectURL: "http://localhost/", Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "unencrypted"); got != want {
			t.Errorf("%s: told %v, want %v", api, got, want)
		}
	}
}
