package static

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// keys are the words the pages build from values that the server sends.
var keys = map[string][]string{
	"status.%s":        {"Signing in", "Connecting", "In call", "On hold", "Reconnecting", "Call ended", "No active call"},
	"pane.%s.title":    panes,
	"pane.%s.text":     panes,
	"caption.%s":       {"sending", "not-yet", "off", "held", "not-recorded", "recording-paused", "blind", "reconnecting", "starting", "refused", "missing", "busy", "insecure"},
	"help.%s":          {"refused", "missing", "busy", "insecure"},
	"devices.both.%s":  {"refused", "missing", "busy"},
	"visit.%s.title":   visits,
	"visit.%s.text":    visits,
	"error.%s.title":   refusals,
	"error.%s.message": slices.Concat(localErrors, problems, refusals),
	"error.%s.next":    slices.Concat(localErrors, problems, refusals),

	"notice.%s":      {"room-unsure"},
	"sharing.%s":     {"taken", "over", "refused", "blocked", "whole"},
	"recording.%s":   {"active", "paused", "none"},
	"button.%s":      {"camera-off", "camera-on", "share", "unshare", "lock", "unlock", "popout", "return", "invite", "people", "chat", "statistics", "settings", "support"},
	"people.%s":      {"self", "agent", "customer", "guest", "host", "phone", "wants-in", "muted", "camera-off", "sharing"},
	"people.do-%s":   {"admit", "mute", "unmute", "remove"},
	"people.name-%s": {"phone", "playback"},
	"statistics.%s":  {"sent", "received", "size", "frames", "kbps", "loss", "rtt", "codec"},
	"hop.%s":         {"server", "node", "direct"},
	"quality.%s":     {"low", "medium", "high", "very-high", "auto"},

	"network.%s":            {"checking", "good", "slow", "detour", "blocked", "offline"},
	"call.camera.%s":        {"refused", "missing", "busy"},
	"call.microphone.%s":    {"refused", "missing", "busy"},
	"devices.camera.%s":     {"refused", "missing", "busy"},
	"devices.microphone.%s": {"refused", "missing", "busy"},
}

var (
	panes = []string{
		"signing-in", "connecting", "in-call", "on-hold", "reconnecting", "call-ended", "no-active-call",
		"call", "room", "joining",
		"ringing", "dialling", "held", "consulting", "blind", "elsewhere", "ended", "none", "waiting", "consulted", "away",
		"sign-in-ended", "not-recorded", "recording-paused", "popped",
	}
	visits      = []string{"joining", "calling", "queue", "incall", "reconnecting", "ended", "left", "elsewhere"}
	localErrors = []string{"page-offline", "page-signin", "page-media", "page-lost", "page-call"}
	refusals    = []string{"link-forged", "link-expired", "link-used", "link-withdrawn", "invitation", "too-fast", "visit-over", "name", "unavailable", "not-found"}
	problems    = []string{
		"audio", "call-ended", "call-failed", "call-not-open", "centre-busy", "centre-declined",
		"centre-no-answer", "centre-unreachable", "device-no-answer", "genesys-busy", "genesys-down", "genesys-forbidden",
		"host-pin", "internal", "lines-busy", "media", "media-blocked",
		"media-browser", "media-bypass", "media-node", "media-refused", "no-alias", "no-codec",
		"no-conversation", "no-device", "no-room", "no-such-conversation", "node-down", "not-on-call", "pin",
		"removed", "room-ended", "room-full", "room-lost", "room-sign-in", "sdp", "server-full",
		"server-stopping", "sign-in", "sign-in-empty", "sign-in-foreign", "sign-in-late",
		"sign-in-lost", "sign-in-refused", "timeout",
	}
)

func TestEveryValueHasWords(t *testing.T) {
	for pattern, values := range keys {
		for _, value := range values {
			key := strings.Replace(pattern, "%s", value, 1)
			if dictionaries()[fallback][key] == "" {
				t.Errorf("no words for %q", key)
			}
		}
	}
}

// spoken says by which parts' words the keys of a pattern are built in modules. Patterns that are not here belong to the
// agent's page; the codes of errors are sorted below.
var spoken = map[string][]string{
	"devices.both.%s": {"customer"}, "devices.camera.%s": {"customer"}, "devices.microphone.%s": {"customer"},
	"visit.%s.title": {"customer"}, "visit.%s.text": {"customer"}, "network.%s": {"customer"},
	"call.camera.%s": {"customer"}, "call.microphone.%s": {"customer"},
	"sharing.%s": {"customer", "widget"}, "error.%s.title": nil, "error.%s.message": nil, "error.%s.next": nil,
}

// TestModulesFindTheirWords: what a page's modules say is in the parts that the page loads.
func TestModulesFindTheirWords(t *testing.T) {
	parts := vocabularies()[fallback]
	check := func(page, key string) {
		if dictionaries()[fallback][key] != "" && parts[page][key] == "" && parts["shared"][key] == "" {
			t.Errorf("the %s page does not load %q", page, key)
		}
	}
	for _, page := range []string{"widget", "customer"} {
		for _, folder := range []string{page, "shared"} {
			for key := range literals(t, "web/"+folder) {
				check(page, key)
			}
		}
	}
	for pattern, values := range keys {
		pages, sorted := spoken[pattern]
		if !sorted {
			pages = []string{"widget"}
		}
		for _, page := range pages {
			for _, value := range values {
				check(page, strings.Replace(pattern, "%s", value, 1))
			}
		}
	}
	for _, part := range []string{"message", "next"} {
		for page, codes := range errorsOf() {
			for _, code := range codes {
				check(page, "error."+code+"."+part)
			}
		}
	}
}

// errorsOf are the codes that reach a page's modules, by its socket or on <body>.
func errorsOf() map[string][]string {
	const (
		whole    = "no-conversation sign-in-empty sign-in-foreign sign-in-late sign-in-refused not-found" // pages of their own
		customer = "page-lost page-call call-failed call-not-open lines-busy media-blocked"
	)
	all := map[string][]string{}
	for _, code := range slices.Concat(localErrors, problems, refusals) {
		switch {
		case slices.Contains(strings.Fields(whole), code):
		case slices.Contains(strings.Fields(customer), code), strings.HasPrefix(code, "centre-"), slices.Contains(refusals, code):
			all["customer"] = append(all["customer"], code)
		default:
			all["widget"] = append(all["widget"], code)
		}
	}
	return all
}

// literal is a key as sources write it, in a template or in a module.
var literal = regexp.MustCompile(`"([a-z]+\.[a-z-]+(?:\.[a-z-]+)?|[a-z]+)"`)

// literals are the keys below a folder of web or pages.
func literals(t *testing.T, folder string) map[string]bool {
	t.Helper()
	found, tree := map[string]bool{}, webFS
	if folder == "pages" {
		tree = pagesFS
	}
	err := fs.WalkDir(tree, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(tree, name)
		for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
			found[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWordsAreNeitherMissingNorIdle(t *testing.T) {
	english, used := dictionaries()[fallback], map[string]bool{}
	for _, folder := range []string{"pages", "web/widget", "web/customer", "web/shared"} {
		maps.Copy(used, literals(t, folder))
	}
	groups := map[string]bool{}
	for key := range english {
		group, _, _ := strings.Cut(key, ".")
		groups[group] = true
	}
	for key := range used {
		group, _, dotted := strings.Cut(key, ".")
		if dotted && groups[group] && english[key] == "" {
			t.Errorf("no words for %q", key)
		}
	}
	for pattern, values := range keys {
		for _, value := range values {
			used[strings.Replace(pattern, "%s", value, 1)] = true
		}
	}
	for key := range english {
		if !used[key] {
			t.Errorf("nothing says %q", key)
		}
	}
}

// placeholder is where a value stands in words.
var placeholder = regexp.MustCompile(`#\d?`)

func placeholders(words string) string {
	all := placeholder.FindAllString(words, -1)
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestLanguagesAreComplete(t *testing.T) {
	all := vocabularies()
	english := all[fallback]
	for tag, parts := range all {
		for part, wanted := range english {
			words := parts[part]
			for key := range wanted {
				if words[key] == "" {
					t.Errorf("%s/%s: no words for %q", tag, part, key)
				} else if got, want := placeholders(words[key]), placeholders(wanted[key]); got != want {
					t.Errorf("%s/%s: %q has the places %q for values, want %q", tag, part, key, got, want)
				}
			}
		}
		said := map[string]string{}
		for part, words := range parts {
			for key := range words {
				if said[key] != "" {
					t.Errorf("%s: %q is in %s and in %s", tag, key, said[key], part)
				}
				said[key] = part
				if _, ok := english[part][key]; !ok {
					t.Errorf("%s/%s: %q is not an English key", tag, part, key)
				}
			}
		}
	}
}

func TestParseWordsRefuses(t *testing.T) {
	for name, module := range map[string]string{
		"no export":      `const a = {}`,
		"trailing comma": `export default {"a": "b",};`,
		"not words":      `export default {"a": 1};`,
	} {
		if d, err := parseWords(module); err == nil {
			t.Errorf("%s: parsed to %v, want an error", name, d)
		}
	}
}
