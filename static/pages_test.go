package static

import (
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

type page interface{ Render(io.Writer) error }

func rendered(t *testing.T, p page) string {
	t.Helper()
	var b strings.Builder
	if err := p.Render(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements parses a page and returns its elements in order; those inside
// <template> are left out, as the browser leaves them out.
func elements(t *testing.T, source string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	var list []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && !inside(n, "template") {
			list = append(list, n)
		}
	}
	return list
}

func inside(n *html.Node, tag string) bool {
	for a := range n.Ancestors() {
		if a.Data == tag {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// first returns the first element with that attribute value.
func first(t *testing.T, source, name, value string) *html.Node {
	t.Helper()
	for _, n := range elements(t, source) {
		if attr(n, name) == value {
			return n
		}
	}
	t.Fatalf("no element with %s=%q in %s", name, value, source)
	return nil
}

func TestWidgetSaysTheTruthWithoutJavaScript(t *testing.T) {
	tests := []struct {
		name         string
		page         WidgetPage
		status, pane string
	}{
		{"nothing set", WidgetPage{}, "Connecting", "Connecting"},
		{"sign-in", WidgetPage{Status: "Signing in"}, "Signing in", "Signing you in"},
		{"ringing", WidgetPage{Status: "No active call", Pane: "ringing"}, "No active call", "Incoming call"},
		{"ended", WidgetPage{Status: "Call ended"}, "Call ended", "Call ended"},
		{"unknown pane", WidgetPage{Status: "On hold", Pane: "nonsense"}, "On hold", "Call on hold"},
		{"another language", WidgetPage{Status: "In call", Lang: "xx-YY"}, "In call", "Waiting for the customer's video"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := rendered(t, tt.page)
			if got := text(first(t, source, "role", "status")); got != tt.status {
				t.Errorf("status %q, want %q", got, tt.status)
			}
			if got := text(first(t, source, "id", "pane")); !strings.HasPrefix(got, tt.pane) {
				t.Errorf("pane %q, want it to begin with %q", got, tt.pane)
			}
			if got := text(first(t, source, "role", "alert")); got != "" {
				t.Errorf("alert %q without an error", got)
			}
		})
	}
}

func TestErrorsAreAlerts(t *testing.T) {
	pages := map[string]page{
		"widget":   WidgetPage{ErrorCode: "forbidden", ErrorMessage: "You are not part of it.", ErrorNext: "Open your own call.", ErrorRetry: true},
		"customer": CustomerPage{ErrorCode: "over", ErrorMessage: "You are not part of it.", ErrorNext: "Open your own call.", ErrorRetry: true},
		"error":    ErrorPage{Title: "Sorry", Message: "You are not part of it.", Next: "Open your own call.", RetryURL: "/again"},
	}
	for name, p := range pages {
		t.Run(name, func(t *testing.T) {
			got := text(first(t, rendered(t, p), "role", "alert"))
			for _, want := range []string{"You are not part of it.", "Open your own call.", "Try again"} {
				if !strings.Contains(got, want) {
					t.Errorf("alert %q, lacks %q", got, want)
				}
			}
		})
	}
}

func TestAccessibleNames(t *testing.T) {
	tests := []struct {
		page  page
		names []string
	}{
		{WidgetPage{}, []string{"Customer video", "Your camera", "Turn camera off", "Lock room", "Pop out video",
			"Copy invitation link", "People", "Chat", "Statistics", "Settings"}},
		{CustomerPage{}, []string{"Your name", "Start video call", "Your camera", "Agent video", "Mute microphone", "Turn camera off", "Leave"}},
	}
	for _, tt := range tests {
		named := map[string]bool{}
		for _, n := range elements(t, rendered(t, tt.page)) {
			switch n.Data {
			case "video":
				named[attr(n, "aria-label")] = true
			case "button", "label":
				named[text(n)] = true
			}
		}
		for _, want := range tt.names {
			if !named[want] {
				t.Errorf("%T: nothing is named %q", tt.page, want)
			}
		}
	}
}

const evil = `"'><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}` + "\x00\u2028</body>"

func TestHostileValuesStayText(t *testing.T) {
	pages := []page{
		WidgetPage{evil, evil, evil, evil, evil, true, evil, evil, evil, evil, evil, evil, evil, evil, evil, true, 2, true},
		CustomerPage{evil, evil, true, evil, evil, evil, evil, evil, evil, evil, evil, true},
		ErrorPage{Lang: evil, Code: evil, Title: evil, Message: evil, Next: evil, RetryURL: "javascript:alert(1)", RetryLabel: evil, RequestID: evil},
		ErrorPage{Code: "sign-in-refused", Values: []string{evil, evil}},
	}
	for _, p := range pages {
		source := rendered(t, p)
		for _, n := range elements(t, source) {
			if n.Data == "img" || (n.Data == "script" && !strings.HasPrefix(attr(n, "src"), Prefix())) {
				t.Errorf("%T: a value became <%s>", p, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") && n.Data == "a" {
					t.Errorf("%T: a value became %s=%q", p, a.Key, a.Val)
				}
			}
		}
	}
}

func TestDataAttributesCarryValues(t *testing.T) {
	source := rendered(t, WidgetPage{
		Conversation: "c-1", Socket: "/session", Media: "relay", Nonce: "n", Proof: true, AppsOrigin: "https://apps.example",
		SignIn: "https://login.example/oauth/authorize?a=1&b=2", URL: "https://agent.example/?conversationid=c-1&pcLangTag=en",
	})
	body := first(t, source, "class", "on-stage")
	want := map[string]string{
		"data-conversation": "c-1", "data-socket": "/session", "data-media": "relay", "data-proof": "1",
		"data-apps-origin": "https://apps.example", "data-lang": "en", "data-status": "Connecting",
		"data-signin": "https://login.example/oauth/authorize?a=1&b=2", "data-url": "https://agent.example/?conversationid=c-1&pcLangTag=en",
	}
	for name, value := range want {
		if got := attr(body, name); got != value {
			t.Errorf("%s=%q, want %q", name, got, value)
		}
	}
	leave := first(t, source, "src", Prefix()+"widget/leave.js")
	if url, nonce := attr(leave, "data-signin"), attr(leave, "data-nonce"); url != want["data-signin"] || nonce != "n" {
		t.Errorf("the sign-in leaves for %q with %q", url, nonce)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestRenderReportsTheWritersError(t *testing.T) {
	if err := (ErrorPage{}).Render(brokenWriter{}); !errors.Is(err, errBroken) {
		t.Errorf("Render to a broken writer: %v, want %v", err, errBroken)
	}
}

var (
	inline  = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(\s+type="module")?>|javascript:`)
	outside = regexp.MustCompile(`(?i)(https?:|wss?:|["'(])//`)
)

func TestSourcesKeepToTheCSP(t *testing.T) {
	for _, tree := range []fs.FS{webFS, pagesFS} {
		err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(tree, name)
			source := strings.ReplaceAll(string(b), "http://www.w3.org/2000/svg", "")
			if found := outside.FindString(source); found != "" {
				t.Errorf("%s has an outside address (%s)", name, found)
			}
			if found := inline.FindString(source); strings.HasSuffix(name, ".html") && found != "" {
				t.Errorf("%s has inline script or style (%s)", name, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

var (
	inPage   = regexp.MustCompile(`(?:href|src)="` + regexp.QuoteMeta(root) + `[0-9a-f]+/([^"]+)"`)
	inModule = regexp.MustCompile("(?:from |import )\"\\.{1,2}/(?:([a-z]+)/)?([a-z]+\\.js)\"")
)

// coldLoad is what a browser with an empty cache fetches for a page, files by
// path; it fails on a file that is not there or that the page does not preload.
func coldLoad(t *testing.T, source string) map[string]bool {
	t.Helper()
	load := map[string]bool{}
	for _, m := range inPage.FindAllStringSubmatch(source, -1) {
		load[m[1]] = true
	}
	for name := range load {
		f, ok := loaded().files[name]
		if !ok {
			t.Errorf("the page names %s, which does not exist", name)
		}
		for _, m := range inModule.FindAllStringSubmatch(string(f.plain), -1) {
			folder := m[1]
			if folder == "" {
				folder, _, _ = strings.Cut(name, "/")
			}
			if !load[folder+"/"+m[2]] {
				t.Errorf("%s imports %s/%s, which the page does not preload", name, folder, m[2])
			}
		}
	}
	return load
}

func TestPagesAreLight(t *testing.T) {
	tests := []struct {
		name   string
		page   func(lang string) page
		budget int // bytes, compressed
	}{
		{"widget", func(lang string) page { return WidgetPage{Lang: lang, SignIn: strings.Repeat("x", 400)} }, 45_500},
		{"customer", func(lang string) page { return CustomerPage{Lang: lang} }, 38_000},
		{"error", func(lang string) page { return ErrorPage{Lang: lang} }, 10_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for lang := range dictionaries() {
				source := rendered(t, tt.page(lang))
				sum := len(compress([]byte(source)))
				for name := range coldLoad(t, source) {
					sum += len(loaded().files[name].gzipped)
				}
				if sum > tt.budget {
					t.Errorf("%s: a cold load is %d bytes compressed, want at most %d", lang, sum, tt.budget)
				}
				t.Logf("%s: cold load: %d bytes compressed", lang, sum)
			}
		})
	}
}
