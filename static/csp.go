package static

import "strings"

// CSP is the Content-Security-Policy of our pages: our own origin only, and no
// inline script or style. frameAncestors are the origins that may show the
// page in a frame (none given: nobody may); connect adds origins to fetch from
// and to open sockets to, where 'self' is not enough. Both come from checked
// configuration; a value that could end a directive is left out.
func CSP(frameAncestors []string, connect ...string) string {
	return policy(frameAncestors, "frame-src 'none'", connect)
}

// FramingCSP is CSP for a page that shows pages of our own and of other origins in frames.
func FramingCSP(frameAncestors, frames []string, connect ...string) string {
	return policy(frameAncestors, "frame-src "+sources("'self'", frames), connect)
}

func policy(frameAncestors []string, frames string, connect []string) string {
	directives := []string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' data:",
		"media-src 'self' blob:",
		"connect-src " + sources("'self'", connect),
		frames,
		"frame-ancestors " + sources("", frameAncestors),
		"base-uri 'none'",
		"form-action 'self'",
	}
	return strings.Join(directives, "; ")
}

func sources(first string, more []string) string {
	list := []string{}
	if first != "" {
		list = append(list, first)
	}
	for _, s := range more {
		if s != "" && !strings.ContainsAny(s, " ;,\t\r\n'\"") {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return "'none'"
	}
	return strings.Join(list, " ")
}
