package policy_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// BenchmarkServiceAt500 asks 500 times a second over one HTTP server and reports the 99th
// percentile, which docs/pexip.md names.
func BenchmarkServiceAt500(b *testing.B) {
	server := httptest.NewServer(newPolicy(b, nil))
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	target := server.URL + dialIn(serviceURL, "cus4711abcd")
	took := make(chan time.Duration, b.N)
	tick := time.NewTicker(time.Second / 500)
	defer tick.Stop()
	b.ResetTimer()
	for range b.N {
		<-tick.C
		go func() {
			began := time.Now()
			answer, err := client.Get(target)
			if err != nil {
				b.Error(err)
			} else {
				answer.Body.Close()
			}
			took <- time.Since(began)
		}()
	}
	all := make([]time.Duration, b.N)
	for i := range all {
		all[i] = <-took
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}
