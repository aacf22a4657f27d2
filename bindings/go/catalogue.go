// SPDX-License-Identifier: Apache-2.0

package kb

import "example.org/libkb/internal/ckb"

// StepDef is a step of the library: what it leaves true, takes and gives.
type StepDef struct {
	Name    string      // such as "kubeadm.init"
	Summary string      // one line on what it leaves true
	Params  []ParamDef  // what it takes
	Outputs []OutputDef // what it gives
}

// ParamDef is a parameter of a step.
type ParamDef struct {
	Name       string // such as "pod-network-cidr"
	Doc        string // what it means
	Default    string // what the parameter is when it is not set; "" when it has no default
	IsList     bool   // it takes several values
	IsRequired bool   // it must be set, or bound in a plan
	IsSecret   bool   // it is masked wherever it is shown
}

// OutputDef is an output of a step.
type OutputDef struct {
	Name string // such as "kubeconfig"
	Doc  string // what it means
}

// Steps are all steps of the library that runs.
func Steps() (all []StepDef) {
	for _, name := range names(ckb.StepDefName) {
		def := StepDef{Name: name, Summary: ckb.StepDefSummary(name)}
		for _, param := range names(func(i int) string { return ckb.StepParamName(name, i) }) {
			def.Params = append(def.Params, ParamDef{
				Name: param, Doc: ckb.StepParamDoc(name, param), Default: ckb.StepParamDefault(name, param),
				IsList: is(ckb.StepParamIsList(name, param)), IsRequired: is(ckb.StepParamIsRequired(name, param)),
				IsSecret: is(ckb.StepParamIsSecret(name, param)),
			})
		}
		for _, output := range names(func(i int) string { return ckb.StepOutputName(name, i) }) {
			def.Outputs = append(def.Outputs, OutputDef{output, ckb.StepOutputDoc(name, output)})
		}
		all = append(all, def)
	}
	return all
}

func is(outcome ckb.Outcome[int64]) bool {
	n, err := outcome.Get()
	return err == nil && n == 1
}
