package customerapp

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/session/invite"
)

// object is any JSON object.
type object = map[string]any

func description(t *testing.T, c *customers) object {
	t.Helper()
	return decoded[object](t, c.ask("GET", "/api/v1/openapi.json", ""), 200)
}

// The document names the routes that there are, and no others.
func TestOpenAPIRoutes(t *testing.T) {
	c := newCustomers(t, nil)
	var described, mounted []string
	for path, item := range description(t, c)["paths"].(object) {
		for method := range item.(object) {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range c.echo.Routes() {
		if strings.HasPrefix(r.Path, apiPath+"/") && !strings.HasPrefix(r.Method, "echo_") && !strings.Contains(r.Name, "otherMethod") {
			mounted = append(mounted, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	slices.Sort(described)
	slices.Sort(mounted)
	if !slices.Equal(described, mounted) {
		t.Errorf("described %q, mounted %q", described, mounted)
	}
}

// Answers are what the document says of them, the statuses too.
func TestOpenAPIAnswers(t *testing.T) {
	running := func(string) (invite.Call, bool) {
		return invite.Call{Began: time.Unix(1, 0), Parties: []invite.Party{{ID: "1", Kind: "customer", Joined: time.Unix(1, 0)}}}, true
	}
	c := newCustomers(t, func(cfg *Config) { cfg.Running = running })
	doc := description(t, c)
	made := c.invited(`{"display_name":"Ada","locale":"en","attributes":{"a":"b"},"return_url":"https://shop.example/"}`)
	used := c.invited(`{"single_use":true}`)
	token := strings.TrimPrefix(used.path(), "/i/")
	if _, err := c.sessions.Redeem(t.Context(), token, "somebody", ""); err != nil {
		t.Fatal(err)
	}
	if err := c.sessions.Record(t.Context(), used.ID, invite.Call{
		Began: time.Unix(1, 0), Ended: time.Unix(2, 0), Answered: true,
		Parties: []invite.Party{{ID: "1", Kind: "agent", Protocol: "webrtc", Role: "chair", Left: time.Unix(2, 0), Reason: "Call disconnected", Quality: "2_ok"}},
	}, true); err != nil {
		t.Fatal(err)
	}
	const sessions = "/api/v1/sessions"
	keyed := []string{"Authorization", "Bearer " + apiKey}
	for _, tc := range []struct {
		name, method, path, template, body string
		headers                            []string
		status                             int
	}{
		{"created", "POST", invitations, "", "{}", keyed, 201},
		{"list", "GET", invitations, "", "", keyed, 200},
		{"first page", "GET", invitations + "?limit=1", "", "", keyed, 200},
		{"full", "GET", invitations + "/" + made.ID, "/{id}", "", keyed, 200},
		{"used", "GET", invitations + "/" + used.ID, "/{id}", "", keyed, 200},
		{"deleted", "DELETE", invitations + "/" + made.ID, "/{id}", "", keyed, 204},
		{"unknown", "GET", invitations + "/x", "/{id}", "", keyed, 404},
		{"session", "GET", sessions + "/" + used.ID, "/{id}", "", keyed, 200},
		{"session with attributes", "GET", sessions + "/" + made.ID, "/{id}", "", keyed, 200},
		{"unknown session", "GET", sessions + "/x", "/{id}", "", keyed, 404},
		{"session without a key", "GET", sessions + "/x", "/{id}", "", nil, 401},
		{"no key", "POST", invitations, "", "", nil, 401},
		{"invalid", "POST", invitations, "", "[]", keyed, 400},
		{"not JSON", "POST", invitations, "", "", append(keyed, "Content-Type", "text/plain"), 415},
		{"too large", "POST", invitations, "", `{"display_name":"` + strings.Repeat("x", maxBody) + `"}`, keyed, 413},
		{"key reused", "POST", invitations, "", `{"display_name":"Eve"}`, append(keyed, "Idempotency-Key", "1"), 422},
		{"too many", "GET", invitations, "", "", []string{"X-API-Key", "wrong"}, 429},
		{"too many for one", "GET", invitations + "/x", "/{id}", "", []string{"X-API-Key", "wrong"}, 429},
	} {
		if tc.status == 422 {
			c.ask("POST", invitations, `{"display_name":"Ada"}`, append(keyed, "Idempotency-Key", "1")...)
		}
		for range wrongBurst {
			if tc.status == 429 {
				c.ask(tc.method, tc.path, "", tc.headers...)
			}
		}
		t.Run(tc.name, func(t *testing.T) {
			w := c.ask(tc.method, tc.path, tc.body, tc.headers...)
			if w.Code != tc.status {
				t.Fatalf("%d %s, want %d", w.Code, w.Body, tc.status)
			}
			resource := invitations
			if strings.HasPrefix(tc.path, sessions) {
				resource = sessions
			}
			operation := at(doc, "paths", resource+tc.template, strings.ToLower(tc.method))
			checkAnswer(t, doc, operation.(object), w)
		})
	}
}

// Every resource says, of any method of its, how others are answered.
func TestOpenAPIOtherMethods(t *testing.T) {
	c := newCustomers(t, nil)
	doc := description(t, c)
	for path, item := range doc["paths"].(object) {
		w := c.ask("PATCH", strings.ReplaceAll(path, "{id}", "x"), "")
		if w.Code != 405 {
			t.Fatalf("PATCH %s: %d", path, w.Code)
		}
		for method, operation := range item.(object) {
			if method == "parameters" {
				continue
			}
			if !strings.Contains(w.Header().Get("Allow"), strings.ToUpper(method)) {
				t.Errorf("PATCH %s: Allow is %q, without %s", path, w.Header().Get("Allow"), method)
			}
			checkAnswer(t, doc, operation.(object), w)
		}
	}
}

func checkAnswer(t *testing.T, doc, operation object, w *httptest.ResponseRecorder) {
	t.Helper()
	response, described := operation["responses"].(object)[fmt.Sprint(w.Code)]
	if !described {
		t.Fatalf("the status %d is not described", w.Code)
	}
	response = resolved(doc, response)
	if w.Body.Len() == 0 {
		return
	}
	var answer any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	for _, fault := range mismatches(doc, at(response, "content", "application/json", "schema"), answer, "answer") {
		t.Error(fault)
	}
}

// mismatches compares a value with a schema, as far as ours go.
func mismatches(doc object, schema any, value any, where string) (faults []string) {
	s := resolved(doc, schema).(object)
	add := func(format string, args ...any) { faults = append(faults, where+": "+fmt.Sprintf(format, args...)) }
	switch v := value.(type) {
	case object:
		if s["type"] != "object" {
			add("an object, want %v", s["type"])
		}
		properties, _ := s["properties"].(object)
		for _, name := range orNone(s["required"]) {
			if _, there := v[name.(string)]; !there {
				add("%v is missing", name)
			}
		}
		for name, one := range v {
			property, known := properties[name]
			if !known {
				property, known = s["additionalProperties"].(object)
			}
			if !known {
				add("%s is not described", name)
				continue
			}
			faults = append(faults, mismatches(doc, property, one, where+"."+name)...)
		}
	case []any:
		for i, one := range v {
			faults = append(faults, mismatches(doc, s["items"], one, fmt.Sprintf("%s[%d]", where, i))...)
		}
	case string:
		if s["type"] != "string" {
			add("a string, want %v", s["type"])
		}
		if choices := orNone(s["enum"]); len(choices) > 0 && !slices.Contains(choices, value) {
			add("%q is none of %v", v, choices)
		}
		if pattern, ok := s["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(v) {
			add("%q does not match %s", v, pattern)
		}
		if _, err := time.Parse(time.RFC3339, v); s["format"] == "date-time" && err != nil {
			add("%q is no time", v)
		}
	case bool:
		if s["type"] != "boolean" {
			add("a boolean, want %v", s["type"])
		}
	default:
		add("a %T, which no answer holds", v)
	}
	return faults
}

func orNone(list any) []any {
	all, _ := list.([]any)
	return all
}

// at goes down into an object.
func at(value any, path ...string) any {
	for _, name := range path {
		value = value.(object)[name]
	}
	return value
}

// resolved follows a reference inside the document.
func resolved(doc object, value any) any {
	if reference, ok := value.(object)["$ref"].(string); ok {
		return at(doc, strings.Split(strings.TrimPrefix(reference, "#/"), "/")...)
	}
	return value
}
