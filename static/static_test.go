package static

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, method, path, acceptEncoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if acceptEncoding != "" {
		r.Header.Set("Accept-Encoding", acceptEncoding)
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestHandlerAnswers(t *testing.T) {
	tests := []struct {
		name, method, path string
		status             int
		contentType, cache string
	}{
		{"module", "GET", Prefix() + "widget/widget.js", 200, "text/javascript; charset=utf-8", forEver},
		{"style", "GET", Prefix() + "shared/tokens.css", 200, "text/css; charset=utf-8", forEver},
		{"picture", "GET", Prefix() + "favicon.svg", 200, "image/svg+xml", forEver},
		{"head", "HEAD", Prefix() + "favicon.svg", 200, "image/svg+xml", forEver},
		{"icon at its fixed address", "GET", "/static/icon.svg", 200, "image/svg+xml", shortTime},
		{"another build's address", "GET", "/static/0123456789abcdef/favicon.svg", 404, "", "no-store"},
		{"no hash", "GET", "/static/favicon.svg", 404, "", "no-store"},
		{"folder", "GET", Prefix() + "widget/", 404, "", "no-store"},
		{"out of the tree", "GET", Prefix() + "../../pages/widget.html", 404, "", "no-store"},
		{"post", "POST", Prefix() + "favicon.svg", 405, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get(t, tt.method, tt.path, "")
			if r.StatusCode != tt.status {
				t.Fatalf("%s %s: status %d, want %d", tt.method, tt.path, r.StatusCode, tt.status)
			}
			if got := r.Header.Get("Cache-Control"); got != tt.cache {
				t.Errorf("Cache-Control %q, want %q", got, tt.cache)
			}
			if got := r.Header.Get("Content-Type"); tt.contentType != "" && got != tt.contentType {
				t.Errorf("Content-Type %q, want %q", got, tt.contentType)
			}
		})
	}
}

func TestHandlerCompresses(t *testing.T) {
	path := Prefix() + "widget/widget.js"
	plain, err := io.ReadAll(get(t, "GET", path, "").Body)
	if err != nil {
		t.Fatal(err)
	}
	r := get(t, "GET", path, "gzip, br")
	if got := r.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding %q, want gzip", got)
	}
	if got := r.Header.Get("Vary"); got != "Accept-Encoding" {
		t.Errorf("Vary %q, want Accept-Encoding", got)
	}
	unzipped, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(unzipped)
	if err != nil || string(got) != string(plain) {
		t.Errorf("unzipped %d bytes (%v), want the %d plain ones", len(got), err, len(plain))
	}
}

func TestAcceptsGzip(t *testing.T) {
	tests := []struct {
		header string
		want   bool
	}{
		{"", false},
		{"gzip", true},
		{"GZIP;q=0.5", true},
		{"br, gzip", true},
		{"gzip;q=0", false},
		{"gzip; q=0.0, *", false},
		{"*", true},
		{"*;q=0", false},
		{"identity", false},
		{"gzip;q=banana", false},
		{strings.Repeat(",;q=,", 1000), false},
	}
	for _, tt := range tests {
		if got := acceptsGzip([]string{tt.header}); got != tt.want {
			t.Errorf("acceptsGzip(%.40q) = %v, want %v", tt.header, got, tt.want)
		}
	}
}

func TestHashFollowsContent(t *testing.T) {
	hash := func(fs fstest.MapFS) string {
		tree, err := load(fs)
		if err != nil {
			t.Fatal(err)
		}
		return tree.hash
	}
	one := hash(fstest.MapFS{"a.js": {Data: []byte("1")}, "b.js": {Data: []byte("2")}})
	same := hash(fstest.MapFS{"b.js": {Data: []byte("2")}, "a.js": {Data: []byte("1")}})
	changed := hash(fstest.MapFS{"a.js": {Data: []byte("1")}, "b.js": {Data: []byte("3")}})
	renamed := hash(fstest.MapFS{"a.js": {Data: []byte("1")}, "c.js": {Data: []byte("2")}})
	if one != same || one == changed || one == renamed {
		t.Errorf("hashes: %s, same %s, changed %s, renamed %s", one, same, changed, renamed)
	}
}

func TestLoadNeedsAType(t *testing.T) {
	if _, err := load(fstest.MapFS{"a.wasm": {}}); err == nil || !strings.Contains(err.Error(), "a.wasm") {
		t.Errorf("load of an unknown kind of file: %v, want an error that names it", err)
	}
}

func TestCSP(t *testing.T) {
	tests := []struct {
		name      string
		ancestors []string
		connect   []string
		want      []string
	}{
		{"nobody frames, own origin only", nil, nil, []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"}},
		{"desktop frames", []string{"https://apps.mypurecloud.com", "https://*.mypurecloud.com"}, []string{"wss://agent.example"},
			[]string{"frame-ancestors https://apps.mypurecloud.com https://*.mypurecloud.com", "connect-src 'self' wss://agent.example"}},
		{"a value that would end the directive", []string{"https://a.example; script-src *"}, []string{"x 'unsafe-inline'"}, []string{"frame-ancestors 'none'", "connect-src 'self'"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := CSP(tt.ancestors, tt.connect...)
			directives := strings.Split(got, "; ")
			for _, want := range tt.want {
				if !slices.Contains(directives, want) {
					t.Errorf("CSP = %q, lacks %q", got, want)
				}
			}
			if strings.Contains(got, "unsafe") || strings.Contains(got, "*;") {
				t.Errorf("CSP = %q is too wide", got)
			}
		})
	}
}
