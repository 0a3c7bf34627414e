// Package store keeps what outlives a process or is seen by several: records by key, and orders of
// keys. It is NATS JetStream in all three cases, and the same code:
//
//	Config.URL   a NATS cluster outside, which several replicas share
//	Config.Dir   a server inside this process, its state on disk: written through before it is
//	             acknowledged, so that neither a killed process nor a lost machine loses it
//	neither      a server inside this process, in memory
//
//	Store ──► Bucket   a JetStream key-value bucket  videoleg_<name>
//	      └─► Order    a JetStream stream            videoleg_<name>, subjects videoleg.<name>.<key>
//
// The server inside listens on no port. What the values mean is others' business: they name their
// buckets, and say how long a value lives after its last change.
package store
