// Package weather is bad weather for media: a way for UDP packets between two sockets on this machine that loses,
// delays, scatters and throttles them, or is cut.
//
//	client ──► Way.Addr ══ sky (there) ══► target
//	       ◄── Way.Addr ══ sky (back)  ══◄
//
// A [Way] stands where the kernel has no netem. It is one user-space hop, so it adds some tens of microseconds in fair
// weather. Tests lead a call over it by writing its address into the session descriptions.
package weather
