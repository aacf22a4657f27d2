// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	kb "example.org/libkb"
)

// homes: where each function of libkb's headers is in Go. A home with a ~ does its work in another way, so that its comment is its own.
var homes = map[string]string{
	"kb_err_name": "Code.String", "kb_version": "Version",
	"kb_bytes_data": "~Event.MarshalJSON", "kb_bytes_size": "~Event.MarshalJSON", "kb_bytes_free": "~Event.MarshalJSON", // bytes are []byte
	"kb_error": "~Error", "kb_err_free": "~Error", // each failed call returns its own
	"kb_err_code": "~Error.Code", "kb_err_id": "Error.ID", "kb_err_host": "Error.Host", "kb_err_step": "Error.Step",
	"kb_err_cause": "Error.Cause", "kb_err_evidence_count": "~Error.Evidence", "kb_err_evidence": "~Error.Evidence", "kb_err_fix": "Error.Fix",

	"kb_new": "New", "kb_free": "~Context.Close", "kb_cancel": "Context.Cancel",
	"kb_fd": "~Run", "kb_dispatch": "~Run", "kb_wait": "~Run", // ranging over a run waits for the descriptor, and dispatches

	"kb_log_set_level": "Context.SetLogLevel", "kb_log_level": "Context.LogLevel", "kb_log_level_name": "LogLevel.String",
	"kb_log_set_size": "~Context.SetLogSize", "kb_log_next": "~Context.Log", "kb_log_dropped": "Context.LogDropped",
	"kb_log_entry_time_ms": "~LogEntry.Time", "kb_log_entry_level": "~LogEntry.Level", "kb_log_entry_host": "LogEntry.Host",
	"kb_log_entry_text": "LogEntry.Text", "kb_log_entry_free": "~LogEntry",

	"kb_host_new": "Context.NewHost", "kb_host_set": "Host.Set", "kb_host_set_secret": "Host.SetSecret", "kb_host_set_jump": "Host.SetJump",
	"kb_host_name": "Host.Name", "kb_host_get": "Host.Get", "kb_host_key": "~HostKeys", "kb_host_free": "~Host.Close",

	"kb_verdict_name": "Verdict.String",
	"kb_step_new":     "~Named", "kb_step_script": "~Script", "kb_step_set": "~Step", "kb_step_add": "~Step", "kb_step_set_secret": "~Secret",
	"kb_step_name": "Step.StepName", "kb_step_free": "~Step", // a step is a value
	"kb_step_def_name": "~StepDef.Name", "kb_step_def_summary": "StepDef.Summary", "kb_step_param_name": "~ParamDef.Name",
	"kb_step_param_doc": "~ParamDef.Doc", "kb_step_param_default": "ParamDef.Default", "kb_step_param_is_list": "~ParamDef.IsList",
	"kb_step_param_is_required": "~ParamDef.IsRequired", "kb_step_param_is_secret": "~ParamDef.IsSecret",
	"kb_step_output_name": "~OutputDef.Name", "kb_step_output_doc": "~OutputDef.Doc",
	"kb_run": "Host.Run", "kb_check": "Host.Check",
	"kb_result_status": "Result.Status", "kb_result_verdict": "Result.Verdict", "kb_result_is_changed": "~Result.Changed",
	"kb_result_exit_status": "Result.ExitStatus", "kb_result_duration_ms": "Result.Duration", "kb_result_diff": "Result.Diff",
	"kb_result_log": "Result.Log", "kb_result_output": "~Result.Outputs", "kb_result_error": "~Result.Err", "kb_result_free": "~Result",

	"kb_event_kind": "~Event.Kind", "kb_event_kind_name": "EventKind.String", "kb_event_run": "Event.Run", "kb_event_time_ms": "~Event.Time",
	"kb_event_host": "Event.Host", "kb_event_step": "Event.Step", "kb_event_task": "Event.Task", "kb_event_total": "Event.Total",
	"kb_event_status": "~Event.Status", "kb_event_verdict": "Event.Verdict", "kb_event_is_changed": "Event.Changed",
	"kb_event_is_skipped": "Event.Skipped", "kb_event_duration_ms": "Event.Duration", "kb_event_exit_status": "Event.ExitStatus",
	"kb_event_text": "Event.Text", "kb_event_id": "Event.ID", "kb_event_severity": "Event.Severity", "kb_event_log": "Event.Log",
	"kb_event_diff": "Event.Diff", "kb_event_journal": "Event.Journal", "kb_event_change_count": "~Event.Changes",
	"kb_event_change_kind": "Change.Kind", "kb_event_change_name": "Change.Name", "kb_event_change_before": "Change.Before",
	"kb_event_change_after": "Change.After", "kb_event_error": "Event.Err", "kb_event_json": "Event.MarshalJSON",
	"kb_event_question": "Event.Question", "kb_event_subject": "Event.Subject", "kb_event_attempt": "Event.Attempt",
	"kb_answer": "Context.Answer", "kb_event_free": "~Event",

	"kb_plan_new": "Context.NewPlan", "kb_plan_add": "Plan.Add", "kb_plan_after": "~Task.After", "kb_plan_bind": "Task.Bind",
	"kb_plan_barrier": "Plan.Barrier", "kb_task_set_on_demand": "Task.SetOnDemand", "kb_task_set_wave": "Task.SetWave",
	"kb_plan_task_count": "Plan.Len", "kb_plan_task": "~Plan.Tasks", "kb_task_step": "Task.Step", "kb_task_host": "Task.Host",
	"kb_task_output": "Task.Output", "kb_plan_only": "Plan.Only", "kb_plan_skip": "Plan.Skip", "kb_plan_start": "~Plan.Apply",
	"kb_plan_next_event": "~Run", "kb_plan_is_running": "~Plan.IsRunning", "kb_plan_free": "~Plan.Close",

	"kb_cluster_new": "Context.NewCluster", "kb_cluster_load": "Context.LoadCluster", "kb_cluster_parse": "~Context.ParseCluster",
	"kb_cluster_set": "Cluster.Set", "kb_cluster_get": "Cluster.Get", "kb_cluster_key": "~ClusterKeys", "kb_cluster_key_doc": "ClusterKeyDoc",
	"kb_cluster_add_host": "Cluster.AddHost", "kb_cluster_set_host": "Cluster.SetHost", "kb_cluster_set_secret": "~Cluster.SetSecret",
	"kb_cluster_add_kubeadm": "Cluster.AddKubeadm", "kb_cluster_host_count": "~Cluster.Hosts", "kb_cluster_host_name": "~Cluster.Hosts",
	"kb_cluster_check": "Cluster.Check", "kb_cluster_up": "Cluster.PlanUp", "kb_cluster_reset": "Cluster.PlanReset",
	"kb_cluster_status": "Cluster.PlanStatus", "kb_cluster_free": "~Cluster.Close",

	"kb_cidr_check": "CIDRCheck", "kb_cidr_contains": "CIDRContains", "kb_cidr_overlaps": "CIDROverlaps", "kb_cidr_block_count": "CIDRBlockCount",
	"kb_cidr_suggest": "CIDRSuggest", "kb_calico_pod_cidr": "~CalicoPodCIDR", "kb_calico_set_pod_cidr": "CalicoSetPodCIDR",
	"kb_calico_set_block_size": "CalicoSetBlockSize", "kb_calico_set_encapsulation": "CalicoSetEncapsulation",
	"kb_kubeadm_config": "KubeadmConfig", "kb_kubeadm_merge": "KubeadmMerge", "kb_token_make": "TokenMake", "kb_token_check": "TokenCheck",
	"kb_ca_hash": "CAHash", "kb_join_parse": "JoinParse", "kb_join_print": "JoinPrint", "kb_fstab_swap_off": "FstabSwapOff",
	"kb_fstab_swap_on": "FstabSwapOn", "kb_hosts_block": "HostsBlock", "kb_apt_source": "AptSource", "kb_apt_flavour": "AptFlavour",
	"kb_toml_set": "TOMLSet", "kb_diff": "Diff",
}

var declared = regexp.MustCompile(`(?s)/\*\*((?:[^*]|\*[^/])*)\*/\s*KB_API [^;(]*?(kb_\w+)\(`)

// headers gives the comment of each function of libkb's headers.
func headers(t *testing.T) map[string]string {
	t.Helper()
	comments := map[string]string{}
	functions := 0
	files, _ := filepath.Glob(top + "include/kb/*.h")
	for _, file := range files {
		text := string(must(os.ReadFile(file))(t))
		functions += strings.Count(text, "\nKB_API ")
		for _, found := range declared.FindAllStringSubmatch(text, -1) {
			comments[found[2]] = strings.Join(strings.Fields(strings.ReplaceAll(found[1], "\n *", "\n")), " ")
		}
	}
	if len(comments) != functions || functions < 100 {
		t.Fatalf("%d functions are declared, and %d of them with a comment", functions, len(comments))
	}
	return comments
}

// documented gives the comment of each exported name: Func, Type, Type.Method and Type.Field.
func documented(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	names, _ := filepath.Glob("*.go")
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, decl := range must(parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments))(t).Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				docs[receiver(d)+d.Name.Name] = d.Doc.Text()
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if s, is := spec.(*ast.TypeSpec); is {
						docs[s.Name.Name] = d.Doc.Text()
						members(docs, s)
					}
				}
			}
		}
	}
	return docs
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	of := d.Recv.List[0].Type
	if star, is := of.(*ast.StarExpr); is {
		of = star.X
	}
	if generic, is := of.(*ast.IndexExpr); is {
		of = generic.X
	}
	return fmt.Sprint(of, ".")
}

func members(docs map[string]string, s *ast.TypeSpec) {
	var fields *ast.FieldList
	switch kind := s.Type.(type) {
	case *ast.StructType:
		fields = kind.Fields
	case *ast.InterfaceType:
		fields = kind.Methods
	default:
		return
	}
	for _, field := range fields.List {
		for _, name := range field.Names {
			docs[s.Name.Name+"."+name.Name] = field.Comment.Text() + field.Doc.Text()
		}
	}
}

// firstSentence is what a function does, without what C's callers need to know about memory.
func firstSentence(comment string) string {
	comment, _, _ = strings.Cut(comment, " @param")
	comment, _, _ = strings.Cut(comment, " Returns:")
	if end := regexp.MustCompile(`[.?;] |[.?;:]$| \(`).FindStringIndex(comment); end != nil {
		comment = comment[:end[0]]
	}
	if head, _, _ := strings.Cut(comment, ": "); strings.Count(head, " ") > 2 { // what follows a colon are details
		return head
	}
	return comment
}

// What a comment on C says in another word than Go's, or what says nothing.
var (
	spelt    = strings.NewReplacer("kb_event_text()", "Text", "KB_OK", "OK", "kb_run()", "Run", "kb_answer()", "Answer", "kb_event_json()", "JSON", "kb_fstab_swap_off()", "FstabSwapOff")
	noMatter = strings.Fields("a an and are as at be by does enum for from has have in is it its no of on or out that the there this to was what when which with " +
		"borrowed copy code constant kb_severity kb_verdict millisecond negative null number one owned caller")
)

var (
	humps = regexp.MustCompile(`(\p{Ll})(\p{Lu})`)
	aWord = regexp.MustCompile(`[\pL_][\pL\d_-]*`)
)

// words of a text or of a name, in small letters, without a plural's s.
func words(text string) map[string]bool {
	found := map[string]bool{}
	text = humps.ReplaceAllString(text, "$1 $2")
	for _, word := range aWord.FindAllString(strings.ToLower(text), -1) {
		found[strings.TrimSuffix(word, "s")] = true
	}
	for _, word := range noMatter {
		delete(found, strings.TrimSuffix(word, "s"))
	}
	return found
}

// What a function does is said in Go with the words of the header.
func TestEveryFunctionOfTheHeadersHasAHomeAndItsComment(t *testing.T) {
	comments, docs := headers(t), documented(t)
	for _, function := range slices.Sorted(maps.Keys(comments)) {
		home, is := homes[function]
		if !is {
			t.Errorf("%s cannot be reached from Go: write it, and add its home to the table", function)
			continue
		}
		home, differs := strings.CutPrefix(home, "~")
		doc, is := docs[home]
		if !is || doc == "" {
			t.Errorf("%s: there is no %s, or it has no comment", function, home)
		}
		if differs {
			continue
		}
		said := words(home + " " + doc)
		for word := range words(spelt.Replace(firstSentence(comments[function]))) {
			if !said[word] {
				t.Errorf("%s: %q is not in the comment of %s:\n\t%s\n\t%s", function, word, home, firstSentence(comments[function]), doc)
			}
		}
	}
	for function := range homes {
		if _, is := comments[function]; !is {
			t.Errorf("%s is in the table, and in no header", function)
		}
	}
}

var steps = []kb.Step{
	kb.APIServerReachable{}, kb.AptRepo{}, kb.CalicoInstall{}, kb.CalicoRemove{}, kb.CalicoctlInstall{}, kb.ClusterAuthority{}, kb.ClusterStatus{},
	kb.ContainerdInstall{}, kb.HostFacts{}, kb.HostsEntries{}, kb.KernelModules{}, kb.KernelSysctl{}, kb.KubeadmImages{}, kb.KubeadmInit{},
	kb.KubeadmJoin{}, kb.KubeadmReset{}, kb.KubeconfigInstall{}, kb.KubectlShell{}, kb.NetClean{}, kb.NodeConfigure{}, kb.NodeDelete{},
	kb.NodeDrain{}, kb.NodeReady{}, kb.PackagesHold{}, kb.PackagesInstall{}, kb.SwapOff{}, kb.TokenCreate{}, kb.TokenDelete{},
}

// Each step of the library is a struct, each of its parameters a field that libkb takes.
func TestEveryStepAndParameterHasAField(t *testing.T) {
	c := newContext(t)
	host, plan := must(c.NewHost("one", "ssh://one"))(t), must(c.NewPlan())(t)
	byName := map[string]kb.Step{}
	for _, step := range steps {
		byName[step.StepName()] = step
	}
	for _, def := range kb.Steps() {
		step, is := byName[def.Name]
		if !is {
			t.Errorf("%s has no struct", def.Name)
			continue
		}
		filled := reflect.New(reflect.TypeOf(step)).Elem()
		if filled.NumField() != len(def.Params) {
			t.Errorf("%s has %d parameters, and %d fields", def.Name, len(def.Params), filled.NumField())
		}
		for i := range filled.NumField() {
			filled.Field(i).Set(reflect.ValueOf(sample(t, filled.Field(i))).Convert(filled.Field(i).Type()))
		}
		must(plan.Add(host, filled.Interface().(kb.Step)))(t)
		must(plan.Add(host, step))(t)
		delete(byName, def.Name)
	}
	if len(byName) != 0 {
		t.Errorf("the library has no steps %v", byName)
	}
}

func sample(t *testing.T, field reflect.Value) any {
	t.Helper()
	switch field.Interface().(type) {
	case string, kb.Secret:
		return "1"
	case bool:
		return true
	case int:
		return 1
	case kb.Switch:
		return kb.No
	case time.Duration:
		return time.Second
	case []string:
		return []string{"1"}
	case netip.Addr:
		return netip.MustParseAddr("10.1.2.3")
	case netip.Prefix:
		return netip.MustParsePrefix("10.1.0.0/16")
	case []netip.Prefix:
		return []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	}
	t.Fatalf("a field is a %v", field.Type())
	return nil
}

// What a user sees has nothing of what is below.
func TestTheRawLayerIsNotSeen(t *testing.T) {
	doc := string(must(exec.Command("go", "doc", "-all", ".").Output())(t))
	if !strings.Contains(doc, "func New() (*Context, error)") {
		t.Fatalf("that is no documentation: %.200s", doc)
	}
	for line := range strings.Lines(doc) {
		if regexp.MustCompile(`[Ss]wig|ckb|\bcgo\b|unsafe|uintptr|\bC\.`).MatchString(line) {
			t.Errorf("it is seen: %s", line)
		}
	}
}
