package browser

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
)

// exception is what a script threw.
type exception struct{ words string }

func (e *exception) Error() string { return "it threw " + e.words }

// call runs a function with an object as its this, as if a person had acted, awaits its result and
// decodes it into out, which may be nil.
func (s scope) call(ctx context.Context, this runtime.RemoteObjectID, function string, out any, args ...any) error {
	yes := true
	params := runtime.CallFunctionOnParams{
		FunctionDeclaration: function, ObjectID: this,
		ReturnByValue: &yes, AwaitPromise: &yes, UserGesture: &yes, ObjectGroup: group,
	}
	for _, a := range args {
		value, err := json.Marshal(a)
		if err != nil {
			return err
		}
		params.Arguments = append(params.Arguments, &runtime.CallArgument{Value: value})
	}
	res, err := cdp.Call(ctx, s.session, runtime.CallFunctionOn, params)
	if err != nil {
		return err
	}
	if d := res.ExceptionDetails; d != nil {
		words := d.Text
		if d.Exception != nil {
			words = d.Exception.Description + string(d.Exception.Value)
		}
		return &exception{words: words}
	}
	if out == nil || len(res.Result.Value) == 0 {
		return nil
	}
	if err := json.Unmarshal(res.Result.Value, out); err != nil {
		return fmt.Errorf("reading %s: %w", res.Result.Value, err)
	}
	return nil
}

// text is an accessibility value as a string.
func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return plain(v.Value)
}

// plain is a JSON string without its quotes, and any other JSON as it is.
func plain(value []byte) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}
