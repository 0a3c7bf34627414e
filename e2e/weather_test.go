package e2e

import (
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/e2e/weather"
)

// skies are the weathers that docs/performance.md has results of.
var skies = []struct {
	name string
	sky  weather.Sky
}{
	{"fair", weather.Sky{}},
	{"loss-2%", weather.Sky{Loss: 0.02}},
	{"loss-5%", weather.Sky{Loss: 0.05}},
	{"loss-10%", weather.Sky{Loss: 0.10}},
	{"rtt-100ms", weather.Sky{Delay: 50 * time.Millisecond}},
	{"rtt-300ms", weather.Sky{Delay: 150 * time.Millisecond}},
	{"rtt-300ms-loss-5%", weather.Sky{Delay: 150 * time.Millisecond, Loss: 0.05}},
	{"jitter-30ms", weather.Sky{Jitter: 30 * time.Millisecond}},
	{"300kbit/s", weather.Sky{Kbps: 300}},
	{"300kbit/s-deep", weather.Sky{Kbps: 300, Queue: 10 * time.Second}},
}

const (
	warmUp   = 3 * time.Second // in a new weather, before it is measured
	measured = 8 * time.Second // in each
	pause    = 4 * time.Second // of fair weather, between two
)

// BenchmarkWeather measures what both people see while the weather is bad on one hop, and how soon it is as before.
// Media past the server is the measure: the same browser, connected to the node directly.
func BenchmarkWeather(b *testing.B) {
	for _, bc := range []struct {
		name, mode string
		hop        func(*journey) *hop
	}{
		{"direct", "bypass", func(j *journey) *hop { return j.nodeHop }},
		{"browser-hop", "relay", func(j *journey) *hop { return j.pageHop }},
		{"node-hop", "relay", func(j *journey) *hop { return j.nodeHop }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			j := travel(b, bc.mode)
			_, customer, widget := j.call(browser.Start(b))
			h := bc.hop(j)
			lapse(b.Context(), pause)
			for _, s := range skies {
				b.Run(s.name, func(b *testing.B) {
					measure(b, h, s.sky, map[string]*browser.Document{"agent": widget, "customer": &customer.Document})
				})
			}
		})
	}
}

// measure reports, for each viewer: frames a second, kbit/s, milliseconds frozen in a second, and those until the picture
// moves again as it should once the weather is fair.
func measure(b *testing.B, h *hop, sky weather.Sky, viewers map[string]*browser.Document) {
	h.set(sky, sky)
	lapse(b.Context(), warmUp)
	began, before := time.Now(), map[string]browser.Stream{}
	for who, f := range viewers {
		before[who] = mainPicture(b, f)
	}
	lapse(b.Context(), measured)
	seconds := time.Since(began).Seconds()
	for who, f := range viewers {
		now := mainPicture(b, f)
		b.ReportMetric(float64(now.Frames-before[who].Frames)/seconds, who+"-fps")
		b.ReportMetric(float64(now.Bytes-before[who].Bytes)*8/1000/seconds, who+"-kbit/s")
		b.ReportMetric(float64((now.Frozen-before[who].Frozen).Milliseconds())/seconds, who+"-frozen-ms/s")
	}
	h.set(weather.Sky{}, weather.Sky{})
	began = time.Now()
	b.ReportMetric(float64(recovery(b, viewers, began).Milliseconds()), "recovery-ms")
	b.ReportMetric(0, "ns/op")
	lapse(b.Context(), pause)
}

// recovery waits until every viewer has had a second of a moving picture, and returns when that second began.
func recovery(b *testing.B, viewers map[string]*browser.Document, began time.Time) time.Duration {
	const enough = 14 // frames in a second; the test picture has 20
	for time.Since(began) < 20*time.Second {
		second, before := time.Now(), map[string]int{}
		for who, f := range viewers {
			before[who] = mainPicture(b, f).Frames
		}
		lapse(b.Context(), time.Second)
		well := true
		for who, f := range viewers {
			well = well && mainPicture(b, f).Frames-before[who] >= enough
		}
		if well {
			return second.Sub(began)
		}
	}
	return 20 * time.Second
}

// mainPicture is the inbound video of a page, so far.
func mainPicture(t testing.TB, f *browser.Document) (best browser.Stream) {
	t.Helper()
	for _, s := range f.Streams() {
		if !s.Outbound && s.Kind == "video" && s.Connection == "connected" && s.Frames >= best.Frames {
			best = s
		}
	}
	return best
}
