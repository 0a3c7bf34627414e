package main

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// BenchmarkPolicyAt500 asks the running server, its state on disk, 500 times a second what a node asks
// when customers and agents join, and reports how long the answers take. docs/performance.md has figures.
func BenchmarkPolicyAt500(b *testing.B) {
	base, _, stop := replica(b, map[string]string{"STATE_DIR": b.TempDir(), "LOG_LEVEL": "warn", "CONTACT_CENTER_URI": "sip:+15551234567@trunk.example"})
	defer stop()
	id := made(b, asked(b, "POST", base+"/api/v1/invitations", `{"display_name":"Ada"}`))
	participant := base + "/policy/v1/participant/properties?call_direction=dial_in&protocol=api&service_tag=videoleg&service_name=" + id + "&local_alias="
	questions := []string{
		base + policyQuestion + "cus" + id, participant + "cus" + id, base + policyQuestion + "agt" + id, participant + "agt" + id,
		base + policyQuestion + "cus0000000000000000", base + policyQuestion + "meet.ada",
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	took := make(chan time.Duration, b.N)
	tick := time.NewTicker(time.Second / 500)
	defer tick.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-tick.C
		go func() {
			began := time.Now()
			r, err := http.NewRequest(http.MethodGet, questions[i%len(questions)], nil)
			if err == nil {
				r.SetBasicAuth("pexip", "s3cret")
				var answer *http.Response
				if answer, err = client.Do(r); err == nil {
					_, _ = io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
			}
			if err != nil {
				b.Error(err)
			}
			took <- time.Since(began)
		}()
	}
	all := make([]time.Duration, b.N)
	for i := range all {
		all[i] = <-took
	}
	slices.Sort(all)
	for name, at := range map[string]int{"p50-ms": len(all) / 2, "p99-ms": len(all) * 99 / 100, "max-ms": len(all) - 1} {
		b.ReportMetric(float64(all[at].Microseconds())/1000, name)
	}
	b.ReportMetric(0, "ns/op")
}
