package static

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"
)

// WidgetPage is the agent's page. Every field may come from outside; the
// template escapes them. Empty fields leave their data attribute empty.
type WidgetPage struct {
	Conversation string // Genesys conversation ID
	Socket       string // path of the page's WebSocket
	Media        string // "relay" or "bypass"
	SignIn       string // authorize URL; set only when the agent must sign in first
	Nonce        string // goes with SignIn: the page keeps it to prove that it is the same browser
	Proof        bool   // callback page without a cookie: the page must POST its nonce
	AppsOrigin   string // origin of the agent desktop, the only one the page exchanges messages with
	URL          string // the page's lasting address, shown in place of the callback's
	Lang         string // language tag as the desktop gives it; unknown: English
	Version      string // stamp in the corner
	Status       string // first status, one of DESIGN.md's seven; empty: Connecting
	Pane         string // first pane, if it is not the status's own
	ErrorCode    string // with ErrorMessage: the page is served with an error and opens no socket
	ErrorMessage string
	ErrorNext    string
	ErrorRetry   bool // offer Try again
	ErrorWait    int  // seconds until the page tries again by itself; 0: it does not
	ShareTabs    bool // the agent may share tabs and windows, and no whole screen
}

// CustomerPage is the customer's page.
type CustomerPage struct {
	Socket       string // path of the page's WebSocket
	Visit        string // sealed invitation or visit token; empty on the front page
	Adhoc        bool   // a call may be started without an invitation
	Name         string // fills in Your name, if the invitation knows it
	Organization string // who is called, in the page's head; empty: left out
	Return       string // where the customer goes after the call; empty: he stays
	Lang         string // language tag, e.g. from Accept-Language
	Version      string
	ErrorCode    string
	ErrorMessage string
	ErrorNext    string
	ErrorRetry   bool
}

// ErrorPage is a whole page that says what went wrong and what to do: wrong
// address, refused, invitation over. Both apps use it. What the code says in
// the page's language goes before the sentences given here.
type ErrorPage struct {
	Lang       string
	Code       string   // of the words; empty: the sentences below
	Values     []string // stand in the code's words for #1, #2, …
	Title      string   // short, as a headline; empty: a general one
	Message    string   // the cause
	Next       string   // what to do now
	RetryURL   string   // where Try again leads; empty: no button
	RetryLabel string   // empty: Try again
	RequestID  string   // stamp for support; may be empty
}

// Render writes the page. The error is the writer's: the page is complete
// before the first byte goes out.
func (p WidgetPage) Render(w io.Writer) error {
	if p.Status == "" {
		p.Status = "Connecting"
	}
	return render(w, "widget.html", p.Lang, p)
}

// Render writes the page, as WidgetPage.Render.
func (p CustomerPage) Render(w io.Writer) error { return render(w, "customer.html", p.Lang, p) }

// Render writes the page, as WidgetPage.Render.
func (p ErrorPage) Render(w io.Writer) error { return render(w, "error.html", p.Lang, p) }

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(pagesFS, "pages/*.html"))
})

func render(w io.Writer, name, lang string, page any) error {
	lang = Language(lang)
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, name, view{Page: page, Lang: lang}); err != nil {
		return fmt.Errorf("static: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// view is what a template sees: the page, and the words of its language.
type view struct {
	Page any
	Lang string
}

// Prefix is where the page's files are.
func (v view) Prefix() string { return Prefix() }

// Dir is the direction the language is written in.
func (v view) Dir() string {
	if rightToLeft[v.Lang] {
		return "rtl"
	}
	return "ltr"
}

// Word looks a word up; an unknown key is a fault in the template.
func (v view) Word(key string) (string, error) {
	w, ok := dictionaries()[v.Lang][key]
	if !ok {
		return "", fmt.Errorf("no word for %q", key)
	}
	return w, nil
}

// Told is the message, the next step or the title of what went wrong: the words
// for its code, as the modules find them, else the given ones.
func (v view) Told(code, part, given string) string {
	if w, ok := dictionaries()[v.Lang]["error."+code+"."+part]; ok {
		return w
	}
	return given
}

// Fill puts values in their places in a text: #1, #2, …
func (v view) Fill(text string, values []string) string {
	for i, value := range values {
		text = strings.ReplaceAll(text, "#"+strconv.Itoa(i+1), value)
	}
	return text
}

// Status says a status in the page's language; unknown ones stay as they are.
func (v view) Status(status string) string {
	if w, ok := dictionaries()[v.Lang]["status."+status]; ok {
		return w
	}
	return status
}

// Pane gives the title or the text of the pane for a status, or of the named
// one, as widget.js does once it runs.
func (v view) Pane(part, pane, status string) string {
	slug := strings.ReplaceAll(strings.ToLower(status), " ", "-")
	for _, key := range []string{pane, slug, "connecting"} {
		if w, ok := dictionaries()[v.Lang]["pane."+key+"."+part]; ok {
			return w
		}
	}
	return ""
}
