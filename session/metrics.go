package session

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

// Metrics are what a running server tells Prometheus about its calls.
type Metrics struct {
	calls    prometheus.Gauge
	visits   prometheus.Gauge
	joins    *prometheus.CounterVec
	joinTime prometheus.Histogram
	ends     *prometheus.CounterVec
	again    *prometheus.CounterVec
	quality  *prometheus.CounterVec
	floods   prometheus.Counter
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		calls: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "videoleg_calls", Help: "Agents' calls that this process holds."}),
		visits: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "videoleg_visits", Help: "Customers in a session through this process."}),
		joins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "videoleg_joins_total", Help: "Attempts of agents' legs to join a conference, by result."}, []string{"result"}),
		joinTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "videoleg_join_seconds", Help: "From the decision to join until media may flow.",
			Buckets: []float64{.05, .1, .2, .3, .5, .75, 1, 2, 5, 10, 20}}),
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "videoleg_ends_total", Help: "Conferences that were ended: all, for everybody, because the call was over."}, []string{"reason"}),
		again: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "videoleg_reconnects_total", Help: "Times that a leg's connection was made anew, by what had failed."}, []string{"reason"}),
		quality: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "videoleg_media_quality_total", Help: "Changes of a participant's media quality, as the node rates it."}, []string{"kind", "quality"}),
		floods: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "videoleg_page_floods_total", Help: "Pages' sockets that were closed because they sent too much."}),
	}
	r.MustRegister(m.calls, m.visits, m.joins, m.joinTime, m.ends, m.again, m.quality, m.floods)
	m.begin()
	return m
}

// pageFailed is a reconnect that comes of the browser's connection; the others have the codes of FaultOf.
const pageFailed = "page"

// pageGone counts why a page has gone.
func (m *Metrics) pageGone(why error) {
	if errors.Is(why, page.ErrFlood) {
		m.floods.Inc()
	}
}

// begin lets the counters that everybody watches be there, at 0, before the first event.
func (m *Metrics) begin() {
	m.joins.WithLabelValues("ok")
	m.ends.WithLabelValues("all")
	m.again.WithLabelValues(pageFailed)
	m.again.WithLabelValues(FaultOf(pexrtc.ErrMedia).Code)
	m.again.WithLabelValues(FaultOf(pexrtc.ErrNode).Code)
	m.again.WithLabelValues(FaultOf(pexrtc.ErrTokenLost).Code)
	m.quality.WithLabelValues(kindCustomer, "1_good")
}
