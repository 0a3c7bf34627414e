package session

import (
	"errors"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

// again is a problem for a customer, who may try again.
func again(code, message, next string) page.Problem {
	return page.Problem{Code: code, Message: message, Next: next, Retry: true}
}

// customerProblems word errors for a customer, who knows nothing of rooms, nodes and PINs.
var customerProblems = []struct {
	kind    error
	problem page.Problem
}{
	{pexrtc.ErrCapacity, linesBusy},
	{ErrTooMany, linesBusy},
	{errBypassPath, again("media-blocked", "Your network seems to block video and sound.", "Please use another one, such as your phone's, then try again.")},
	{pexrtc.ErrNoConference, again("call-not-open", "This video call is not open.", "Please use the newest link that you were given, or start again.")},
}

var (
	linesBusy  = again("lines-busy", "All our video lines are busy.", "Please try again in a few minutes.")
	callFailed = again("call-failed", "The video call could not be set up.", "Please try again in a moment. If it keeps happening, call us by phone.")
)

// CustomerProblem is what a customer is told of an error.
func CustomerProblem(err error) page.Problem {
	if centre := new(centreError); errors.As(err, &centre) {
		return centre.problem()
	}
	for _, row := range customerProblems {
		if errors.Is(err, row.kind) {
			return row.problem
		}
	}
	return callFailed
}

// Problems are all that a page can be told of, in English; whoever shows pages in other languages
// has words for each code.
func Problems() []page.Problem {
	all := []page.Problem{FaultOf(errors.New("")).Problem, callFailed, centreUnreachable}
	for _, row := range faults {
		all = append(all, row.fault.Problem)
	}
	for _, row := range customerProblems {
		all = append(all, row.problem)
	}
	for _, row := range centreProblems {
		all = append(all, row.problem)
	}
	return all
}
