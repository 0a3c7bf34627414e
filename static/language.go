package static

import (
	"slices"
	"strconv"
	"strings"
)

// fallback is the language every word exists in.
const fallback = "en"

// maxWanted bounds how much of an Accept-Language header is read, in entries.
const maxWanted = 32

// kin names the language of ours that serves readers of another one: browsers and Genesys Cloud know
// Norwegian by three tags.
var kin = map[string]string{"no": "nb", "nn": "nb"}

// rightToLeft are the languages written from right to left.
var rightToLeft = map[string]bool{"ar": true, "dv": true, "fa": true, "he": true, "ps": true, "ur": true, "yi": true}

// Language picks the language of a page. Each wish is a tag as browsers, invitations and Genesys
// Cloud write it ("de", "en-US", "pt_BR"), or a whole Accept-Language header; wishes may be empty and
// come from outside. The first that there is a folder for counts, and English if there is none.
func Language(wishes ...string) string {
	for _, wish := range wishes {
		for _, tag := range wanted(wish) {
			if known, ok := nearest(tag); ok {
				return known
			}
		}
	}
	return fallback
}

// wanted reads an Accept-Language header (RFC 9110, 12.5.4), the most wanted first. A single tag is
// such a header.
func wanted(header string) []string {
	type choice struct {
		tag    string
		weight float64
	}
	var all []choice
	for part := range strings.SplitSeq(header, ",") {
		if len(all) == maxWanted {
			break
		}
		tag, weight, weighted := strings.Cut(part, ";")
		c := choice{strings.TrimSpace(tag), 1}
		if weighted {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q="), 64)
			if err != nil || !(q > 0) {
				continue
			}
			c.weight = q
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b choice) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	tags := make([]string, len(all))
	for i, c := range all {
		tags[i] = c.tag
	}
	return tags
}

// longestTag is more than any tag has; what is longer is none.
const longestTag = 64

// nearest is the folder for a tag, or for what is left of it from the right.
func nearest(tag string) (known string, ok bool) {
	if len(tag) > longestTag {
		return "", false
	}
	tag = strings.ToLower(strings.ReplaceAll(tag, "_", "-"))
	for tag != "" {
		for _, candidate := range []string{tag, kin[tag]} {
			if _, ok := dictionaries()[candidate]; ok {
				return candidate, true
			}
		}
		tag = tag[:max(0, strings.LastIndexByte(tag, '-'))]
	}
	return "", false
}
