package policy_test

import (
	"context"
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/videoleg/videoleg/pexrtc/policy"
)

// The platform's own filters and functions, as its documentation describes them.
func TestMain(m *testing.M) {
	filters := gonja.DefaultEnvironment.Filters
	for name, filter := range map[string]exec.FilterFunction{
		"pex_to_json": func(_ *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value {
			b, err := json.Marshal(in.Interface())
			if err != nil {
				return exec.AsValue(err)
			}
			return exec.AsSafeValue(string(b))
		},
		"pex_regex_replace": func(_ *exec.Evaluator, in *exec.Value, args *exec.VarArgs) *exec.Value {
			find := compiled(args.Args[0].String())
			return exec.AsValue(find.ReplaceAllString(in.String(), args.Args[1].String()))
		},
	} {
		if err := filters.Register(name, filter); err != nil {
			panic(err)
		}
	}
	gonja.DefaultContext.Set("pex_regex_search", func(pattern, text string) any {
		groups := compiled(pattern).FindStringSubmatch(text)
		if groups == nil {
			return nil
		}
		return groups[1:]
	})
	m.Run()
}

var patterns = map[string]*regexp.Regexp{}

func compiled(pattern string) *regexp.Regexp {
	if patterns[pattern] == nil {
		patterns[pattern] = regexp.MustCompile(pattern)
	}
	return patterns[pattern]
}

// parsed are the templates of scripts, which are rendered thousands of times.
var parsed = map[string]*exec.Template{}

func render(t *testing.T, script string, vars map[string]any) answer {
	t.Helper()
	template := parsed[script]
	if template == nil {
		var err error
		if template, err = gonja.FromString(script); err != nil {
			t.Fatalf("not jinja: %v\n%s", err, script)
		}
		parsed[script] = template
	}
	out, err := template.ExecuteToString(exec.NewContext(vars))
	if err != nil {
		t.Fatalf("not rendered: %v\n%s", err, script)
	}
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, out)
	}
	return a
}

// callInfo is a question as a script sees it.
func callInfo(t *testing.T, target string) map[string]any {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	info := map[string]any{}
	for name, values := range u.Query() {
		info[name] = values[0]
	}
	return info
}

// Every question that does not need to know which sessions are open gets the same from both.
func TestLocalPolicyEqualsExternal(t *testing.T) {
	configurations := map[string]func(*policy.Config){
		"plain": nil,
		"all": func(c *policy.Config) {
			c.HostPIN, c.GuestPIN, c.Theme, c.Crypto, c.Limit = "390517#", "4711#", "videoleg & co's", "besteffort", 9
			c.AgentPrefix, c.CustomerPrefix = "Agt.", "my-c_us"
		},
		"nobody called": func(c *policy.Config) { c.ContactCenter = "" },
		"devices": func(c *policy.Config) {
			c.Outbound, c.Device = "30[0-9]{3}|branch.*|4711abcd", "sip:{alias}@devices.example"
		},
	}
	aliases := []string{"4711abcd", "sip:%s4711abcd@video.example", "SIPS:%s4711ABCD@video.example;transport=tls", " h323:%s4711abcd ",
		"%s4711abcd", "%s4711abcd?x=1", "%s", "%s12", "%s!4711abcd", "%s" + strings.Repeat("a", 41), `%s","x":"`, "%s{{ 7*7 }}", "meet.ada", "",
		"30123", "sip:30123@video.example", "%s30123", "branch-7", "SIP:Branch_7@x", "%sbranch-7", `branch"7`, "branch" + strings.Repeat("7", 10), "%sbranch" + strings.Repeat("7", 10)}
	extras := [][]string{
		nil, {"call_direction", "non_dial"}, {"trigger", "web_avatar_fetch"}, {"service_tag", "videoleg", "service_name", "4711abcd"},
		{"service_tag", "videoleg", "service_name", "otherone"}, {"preauthenticated_role", "chair"}, {"preauthenticated_role", "guest"},
		{"call_direction", "dial_out", "service_tag", "videoleg", "service_name", "4711abcd"},
		{"call_direction", "dial_out", "service_tag", "videoleg", "service_name", `"}`},
		{"call_direction", "dial_out", "service_tag", "videoleg", "service_name", "branch-7"},
		{"protocol", "sip", "trigger", "invite"}, {"protocol", "sip", "service_tag", "videoleg", "service_name", "30123"},
		{"service_tag", "videoleg", "service_name", "branch-7"}, {"protocol", "SIP", "preauthenticated_role", "chair"},
		{"call_direction", "dial_out", "service_tag", "other", "service_name", "4711abcd"},
	}
	for name, change := range configurations {
		t.Run(name, func(t *testing.T) {
			var cfg policy.Config
			p := newPolicy(t, func(c *policy.Config) {
				if change != nil {
					change(c)
				}
				c.Open = func(context.Context, string) (policy.Session, error) { return policy.Session{}, nil }
				cfg = *c
			})
			service, err := cfg.ServiceScript()
			if err != nil {
				t.Fatal(err)
			}
			participant, err := cfg.ParticipantScript()
			if err != nil {
				t.Fatal(err)
			}
			for _, prefix := range []string{cfg.AgentPrefix, cfg.CustomerPrefix} {
				for _, alias := range aliases {
					if prefix == cfg.CustomerPrefix && !strings.Contains(alias, "%s") {
						continue // it was asked about already
					}
					for _, extra := range extras {
						alias := strings.ReplaceAll(alias, "%s", prefix)
						same(t, p, dialIn(serviceURL, alias, extra...), service)
						same(t, p, dialIn(participantURL, alias, extra...), participant)
					}
				}
			}
		})
	}
}

func same(t *testing.T, p *policy.Policy, target, script string) {
	t.Helper()
	info := callInfo(t, target)
	_, want := ask(t, p, target)
	got := render(t, script, map[string]any{
		"call_info": info, "service_config": nil, "participant": map[string]any{"preauthenticated_role": info["preauthenticated_role"]},
	})
	if got.Action != want.Action || !reflect.DeepEqual(got.Result, want.Result) {
		t.Errorf("%s\nscript %s %v\nserver %s %v", target, got.Action, got.Result, want.Action, want.Result)
	}
}

func TestLocalPolicyLeavesOthersAlone(t *testing.T) {
	script, err := rooms().ServiceScript()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]any{"name": "meet.ada", "service_type": "conference", "pin": "", "allow_guests": false}
	got := render(t, script, map[string]any{"call_info": callInfo(t, dialIn(serviceURL, "meet.ada")), "service_config": theirs})
	if got.Action != "continue" || !reflect.DeepEqual(got.Result, theirs) {
		t.Errorf("a room of somebody else: %+v", got)
	}
	got = render(t, script, map[string]any{"call_info": callInfo(t, dialIn(serviceURL, "cusnonsense!")), "service_config": theirs})
	if got.Action != "reject" {
		t.Errorf("our prefix, but no session: %+v", got)
	}
}

// A local policy may override an external one: ours never opens what the server has refused.
func TestLocalPolicyKeepsARefusal(t *testing.T) {
	service, _ := rooms().ServiceScript()
	participant, _ := rooms().ParticipantScript()
	info := callInfo(t, dialIn(serviceURL, "cus4711abcd", "external_policy_disposition", "REJECT"))
	for _, script := range []string{service, participant} {
		if got := render(t, script, map[string]any{"call_info": info, "participant": map[string]any{}}); got.Action != "reject" {
			t.Errorf("%+v", got)
		}
	}
}

// jinja's own filters that the platform has, and its functions; nothing else may be used.
func TestLocalPolicyUsesWhatThePlatformHas(t *testing.T) {
	allowed := " default trim lower pex_regex_replace pex_to_json "
	for _, script := range []func() (string, error){rooms().ServiceScript, rooms().ParticipantScript} {
		text, err := script()
		if err != nil {
			t.Fatal(err)
		}
		for _, filter := range regexp.MustCompile(` \| (\w+)`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(allowed, " "+filter[1]+" ") {
				t.Errorf("filter %s", filter[1])
			}
		}
		if len(text) > 49152 {
			t.Errorf("%d characters", len(text))
		}
	}
}
