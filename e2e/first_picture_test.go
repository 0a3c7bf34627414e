package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// farAway is added to every request to Genesys Cloud and to the node; docs/performance.md has the method.
const farAway = 40 * time.Millisecond

// TestFirstPicture counts what no machine's speed can change: the requests that follow one another until the
// agent sees the customer.
func TestFirstPicture(t *testing.T) {
	s := startScene(t, farAway)
	s.tab = s.adasTab()
	for _, tc := range []struct {
		name string
		seen bool
		most int
	}{
		{"with a sign-in", false, 6},
		{"already signed in", false, 4},
		{"already signed in, of a call that was seen to ring", true, 3},
	} {
		p := s.firstPicture(tc.seen)
		chain := p.chain()
		t.Logf("%s: %v after navigation; %d requests one after another", tc.name, p.took.Round(time.Millisecond), len(chain))
		if len(chain) > tc.most || len(chain) < 3 {
			t.Errorf("%s: %d requests one after another, want at most %d:\n%s", tc.name, len(chain), tc.most, p.told())
		}
	}
}

// TestReloadIsSoon: a reloaded page finds its leg as it was, and sees the customer again within a second.
func TestReloadIsSoon(t *testing.T) {
	s := startScene(t, farAway)
	s.tab = s.adasTab()
	call := s.answered(false)
	s.look("location = " + strconv.Quote(s.agent+"/?conversationid="+call.ID()))
	before := s.awaitAgent("is in", func(p pexrtctest.Participant) bool { return !p.VideoMuted })
	p := s.look("location.reload()")
	t.Logf("%v after the reload", p.took.Round(time.Millisecond))
	if after := s.agents(); len(after) != 1 || after[0].UUID != before.UUID {
		t.Errorf("agents after the reload: %+v, want the one of before, %s", after, before.UUID)
	}
	if p.took > time.Second && !raced {
		t.Errorf("the customer is seen %v after the reload, want a second at most:\n%s", p.took, p.told())
	}
	if chain := p.chain(); len(chain) > 0 {
		t.Errorf("the reload asks the node to negotiate anew:\n%s", p.told())
	}
	s.leave(call)
}

// BenchmarkFirstPicture takes the time from the widget's navigation to the first decoded frame of the customer.
func BenchmarkFirstPicture(b *testing.B) {
	const runs = 9
	for _, bc := range []struct {
		name           string
		delay          time.Duration
		signedIn, seen bool
	}{
		{"far/sign-in", farAway, false, false},
		{"far/signed-in", farAway, true, false},
		{"far/seen-to-ring", farAway, true, true},
		{"loopback/sign-in", 0, false, false},
		{"loopback/signed-in", 0, true, false},
	} {
		b.Run(bc.name, func(b *testing.B) {
			s := startScene(b, bc.delay)
			if s.tab = s.adasTab(); bc.signedIn {
				s.firstPicture(false)
			}
			var took []time.Duration
			for range runs {
				if !bc.signedIn {
					s.tab = s.adasTab()
				}
				took = append(took, s.firstPicture(bc.seen).took)
			}
			slices.Sort(took)
			for name, d := range map[string]time.Duration{"min-ms": took[0], "median-ms": took[runs/2], "max-ms": took[runs-1]} {
				b.ReportMetric(float64(d)/float64(time.Millisecond), name)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// scene is a centre whose every request is recorded; those to the far ends are late.
type scene struct {
	*centre
	traffic traffic
	browser *browser.Browser
	tab     *browser.Page // Ada's
}

func startScene(t testing.TB, delay time.Duration) *scene {
	t.Helper()
	s := &scene{}
	cloud, node := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	genesys := s.traffic.between(t, listen(t, "127.0.0.1:0"), "genesys", "http://"+cloud.Addr().String(), delay)
	inner := "127.0.0.1:" + freePorts(t, 1)[0]
	s.centre = start(t, options{
		env: map[string]string{
			"AGENT_ADDR": inner, "GENESYS_API_URL": genesys, "GENESYS_LOGIN_URL": genesys,
			"PEXIP_NODES": s.traffic.between(t, listen(t, "127.0.0.1:0"), "node", "http://"+node.Addr().String(), delay),
		},
		cloud: func(o *genesystest.Options) { o.Listener = cloud },
		node:  func(o *pexrtctest.Options) { o.Listener, o.Resolve = node, nil }, // no trunk: calls are made here
	})
	_, port, _ := strings.Cut(strings.TrimPrefix(s.agent, "http://"), ":")
	s.traffic.between(t, listen(t, "127.0.0.1:"+port), "server", "http://"+inner, 0)
	s.browser = browser.Start(t)
	return s
}

// noteFirstFrame keeps when the customer's picture was first seen, on the wall clock.
const noteFirstFrame = `addEventListener("DOMContentLoaded", () => document.querySelector("#customer")?.requestVideoFrameCallback(
	() => { window.firstFrame = performance.timeOrigin + performance.now() }))`

// adasTab is an empty tab of a browser that has Ada's sign-in at Genesys Cloud and nothing else.
func (s *scene) adasTab() *browser.Page {
	tab := s.browser.Open(s.cloud.URL + "/?agent=ada")
	tab.OnEachDocument(noteFirstFrame)
	tab.Go("about:blank")
	return tab
}

// firstPicture is a call that Ada has answered: her tab opens the widget and leaves it when she sees the customer.
// seen: the server has heard it ring before she answers, and read it.
func (s *scene) firstPicture(seen bool) picture {
	s.t.Helper()
	call := s.answered(seen)
	p := s.look("location = " + strconv.Quote(s.agent+"/?conversationid="+call.ID()))
	s.leave(call)
	return p
}

func (s *scene) answered(seen bool) *genesystest.Conversation {
	s.t.Helper()
	id := fmt.Sprintf("%016x", rand.Uint64())
	if _, err := s.node.SimulateCustomer("cus"+id, "Simulated customer"); err != nil {
		s.t.Fatal(err)
	}
	call, err := s.cloud.Call(s.t.Context(), genesystest.InboundCall{ANIName: id})
	if err != nil {
		s.t.Fatal(err)
	}
	if seen {
		s.traffic.await(s.t, "/api/v2/conversations/"+call.ID())
	}
	if err := call.Answer(genesystest.AdaID); err != nil {
		s.t.Fatal(err)
	}
	return call
}

// look has the tab navigate, and waits until the customer is seen in the new document.
func (s *scene) look(navigate string) picture {
	s.t.Helper()
	var began, frame float64
	s.tab.Eval(`(() => { delete window.firstFrame; const now = performance.timeOrigin + performance.now(); `+navigate+`; return now })()`, &began)
	s.tab.AwaitTrue(`window.firstFrame`)
	s.tab.Eval(`window.firstFrame`, &frame)
	return picture{began: clock(began), took: clock(frame).Sub(clock(began)), exchanges: s.traffic.since(clock(began))}
}

// leave ends the call, and waits until nothing is left of it.
func (s *scene) leave(call *genesystest.Conversation) {
	s.t.Helper()
	s.tab.Go("about:blank")
	if err := call.CustomerHangup(); err != nil {
		s.t.Fatal(err)
	}
	<-call.Done()
	s.awaitEmpty(15 * time.Second)
}

// clock is a moment of the browser's wall clock, in milliseconds, which is ours.
func clock(ms float64) time.Time { return time.UnixMicro(int64(ms * 1000)) }

// picture is one first picture and what passed until then.
type picture struct {
	began     time.Time
	took      time.Duration
	exchanges []exchange
}

// chain is the longest row of requests to the far ends, each begun after the one before had ended, that leads to
// the ack, from which on the node sends. What runs beside it is left out: notifications, the reading again that they
// cause, and the status, which opens one more connection to the node and which nobody waits for.
func (p picture) chain() []*exchange {
	var steps []*exchange
	conversations := 0
	for i := range p.exchanges {
		e := &p.exchanges[i]
		if strings.HasPrefix(e.path, "/api/v2/conversations/") {
			conversations++
		}
		beside := e.to == "server" || strings.HasSuffix(e.path, "/status") || strings.Contains(e.path, "/notifications/") || strings.HasPrefix(e.path, "/api/v2/conversations/") && conversations > 1
		if beside || e.ended.IsZero() {
			continue
		}
		steps = append(steps, e)
		if strings.HasSuffix(e.path, "/ack") {
			break
		}
	}
	best := make([][]*exchange, len(steps)) // the longest row that ends in each step
	for i, e := range steps {
		for j := range i {
			if !steps[j].ended.After(e.began) && len(best[j]) > len(best[i]) {
				best[i] = best[j]
			}
		}
		best[i] = append(slices.Clip(best[i]), e)
	}
	if len(steps) == 0 || !strings.HasSuffix(steps[len(steps)-1].path, "/ack") {
		return nil
	}
	return best[len(best)-1]
}

// told is the whole of it, for whoever looks for the time.
func (p picture) told() string {
	var b strings.Builder
	for _, e := range p.exchanges {
		end := "…"
		if !e.ended.IsZero() {
			end = fmt.Sprint(e.ended.Sub(p.began).Milliseconds())
		}
		fmt.Fprintf(&b, "%5d %5s ms  %s\n", e.began.Sub(p.began).Milliseconds(), end, &e)
	}
	return b.String()
}
