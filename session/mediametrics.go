package session

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/videoleg/videoleg/pexrtc/relay"
)

// MediaMetrics are what the relay's legs tell Prometheus. They are read when somebody asks: no packet pays for them. What
// is of the moment, such as a round trip, is given for the median leg and for the worst one, as a series for each leg would
// have no end.
type MediaMetrics struct {
	relay         *relay.Relay
	legs          *prometheus.Desc
	hops          []hopCounter
	now           []hopGauge
	drops, strays *prometheus.Desc
}

// hopCounter is a counter that each hop has in one or two directions.
type hopCounter struct {
	desc    *prometheus.Desc
	in, out func(relay.HopStats) uint64 // nil: not in this direction
}

// hopGauge is a measurement of the moment.
type hopGauge struct {
	desc *prometheus.Desc
	of   func(relay.HopStats) float64
	low  bool // the lowest is the worst, and 0 is none
}

// NewMediaMetrics registers the metrics of r.
func NewMediaMetrics(registry prometheus.Registerer, r *relay.Relay) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("videoleg_media_"+name, help, labels, nil)
	}
	counter := func(name, help string, in, out func(relay.HopStats) uint64) hopCounter {
		return hopCounter{desc(name, help, "hop", "direction"), in, out}
	}
	registry.MustRegister(&MediaMetrics{
		relay: r,
		legs:  desc("legs", "Legs of the relay, by the state of their worse hop.", "state"),
		hops: []hopCounter{
			counter("packets_total", "Video packets, by hop and direction as this server sees it.",
				func(h relay.HopStats) uint64 { return h.PacketsIn }, func(h relay.HopStats) uint64 { return h.PacketsOut }),
			counter("bytes_total", "Bytes of video packets.",
				func(h relay.HopStats) uint64 { return h.BytesIn }, func(h relay.HopStats) uint64 { return h.BytesOut }),
			counter("missed_packets_total", "Packets that did not arrive in their second, before repair.",
				func(h relay.HopStats) uint64 { return h.PacketsMissed }, nil),
			counter("nack_packets_total", "Packets asked for again, by the far end (in) or by this server (out).",
				func(h relay.HopStats) uint64 { return h.NACKsHeard }, func(h relay.HopStats) uint64 { return h.NACKsSent }),
			counter("resent_packets_total", "Packets sent again on request.",
				nil, func(h relay.HopStats) uint64 { return h.PacketsResent }),
			counter("keyframe_requests_total", "Requests for a full picture (PLI, FIR).",
				func(h relay.HopStats) uint64 { return h.KeyframesWanted }, func(h relay.HopStats) uint64 { return h.KeyframesAsked }),
		},
		now: []hopGauge{
			{desc("round_trip_seconds", "Round trip of the hop's path.", "hop", "leg"), func(h relay.HopStats) float64 { return h.RTT / 1000 }, false},
			{desc("loss_ratio", "Share of what this server sends that the far end last reported lost.", "hop", "leg"), func(h relay.HopStats) float64 { return h.Loss }, false},
			{desc("estimated_bits_per_second", "What the far end can take, as it says or its feedback shows.", "hop", "leg"), func(h relay.HopStats) float64 { return float64(h.Estimate) }, true},
		},
		strays: desc("strays_total", "Packets at the media ports that belong to no leg's path."),
		drops:  desc("dropped_total", "What arrived and went no further, by reason.", "hop", "reason"),
	})
}

// Describe is prometheus.Collector's.
func (m *MediaMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.legs
	to <- m.drops
	to <- m.strays
	for _, c := range m.hops {
		to <- c.desc
	}
	for _, g := range m.now {
		to <- g.desc
	}
}

// Collect is prometheus.Collector's.
func (m *MediaMetrics) Collect(to chan<- prometheus.Metric) {
	t := m.relay.Totals()
	m.collectLegs(t, to)
	to <- prometheus.MustNewConstMetric(m.strays, prometheus.CounterValue, float64(t.Strays))
	for hop, total := range map[relay.Hop]relay.HopStats{relay.Browser: t.Browser, relay.Node: t.Node} {
		for _, c := range m.hops {
			c.collect(hop, total, to)
		}
		for _, d := range relay.Drops() {
			to <- prometheus.MustNewConstMetric(m.drops, prometheus.CounterValue, float64(total.Dropped[d]), hop.String(), d.String())
		}
		for _, g := range m.now {
			g.collect(hop, t.Legs, to)
		}
	}
}

func (m *MediaMetrics) collectLegs(t relay.Totals, to chan<- prometheus.Metric) {
	legs := map[relay.Standing]int{}
	for _, l := range t.Legs {
		legs[l.Standing()]++
	}
	for _, s := range relay.Standings() {
		to <- prometheus.MustNewConstMetric(m.legs, prometheus.GaugeValue, float64(legs[s]), s.String())
	}
}

func (c hopCounter) collect(hop relay.Hop, total relay.HopStats, to chan<- prometheus.Metric) {
	for direction, count := range map[string]func(relay.HopStats) uint64{"in": c.in, "out": c.out} {
		if count != nil {
			to <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(count(total)), hop.String(), direction)
		}
	}
}

func (g hopGauge) collect(hop relay.Hop, legs []relay.Stats, to chan<- prometheus.Metric) {
	var all []float64
	for _, l := range legs {
		h := l.Browser
		if hop == relay.Node {
			h = l.Node
		}
		if value := g.of(h); h.Standing != relay.Connecting && (value > 0 || !g.low) {
			all = append(all, value)
		}
	}
	median, worst := 0.0, 0.0
	if len(all) > 0 {
		slices.SortFunc(all, func(a, b float64) int {
			if g.low {
				return cmp.Compare(b, a)
			}
			return cmp.Compare(a, b)
		})
		median, worst = all[len(all)/2], all[len(all)-1]
	}
	to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, median, hop.String(), "median")
	to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, worst, hop.String(), "worst")
}
