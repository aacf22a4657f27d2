package main

import (
	"context"
	"reflect"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"lab.example/operator/crd"
)

// settling is how long a fresh network stays Progressing at least: the real one takes its time too.
const settling = 20 * time.Second

// degradedBy is the annotation of an Installation that makes the stand-in end Degraded, with its value as the message.
const degradedBy = "lab.kb/degraded"

const (
	stateAvailable   = "Available"
	stateProgressing = "Progressing"
	stateDegraded    = "Degraded"
)

// Whose status there is: always, or as long as the component's own object named default is there.
var components = []struct {
	name  string
	owner schema.GroupVersionResource
}{
	{"calico", crd.Installations},
	{"ippools", crd.Installations},
	{"apiserver", crd.APIServers},
	{"goldmane", crd.Goldmanes},
	{"whisker", crd.Whiskers},
}

func conditionsOf(state string, fault degraded) []any {
	var all []any
	for _, kind := range []string{stateAvailable, stateProgressing, stateDegraded} {
		c := map[string]any{"type": kind, "status": "False", "reason": "Unknown", "message": ""}
		if kind == state {
			c["status"], c["reason"], c["message"] = "True", "AllObjectsAvailable", "All objects available"
		}
		if kind == state && fault.reason != "" {
			c["reason"], c["message"] = fault.reason, fault.message
		}
		all = append(all, c)
	}
	return all
}

// report says how far the network is.
func (o *operator) report(ctx context.Context, installation object) error {
	if why, asked := installation.GetAnnotations()[degradedBy]; asked {
		return o.refused(ctx, installation, degraded{"ResourceNotReady", why})
	}
	set, err := o.typed.AppsV1().DaemonSets(namespace).Get(ctx, agent, metav1.GetOptions{})
	if err != nil {
		return err
	}
	s, state, fault := set.Status, stateAvailable, degraded{}
	ready := s.DesiredNumberScheduled > 0 && s.NumberReady == s.DesiredNumberScheduled
	if !ready || time.Since(set.CreationTimestamp.Time) < settling {
		state, fault = stateProgressing, degraded{"ResourceNotReady", "DaemonSet \"calico-system/calico-node\" is not available"}
	}
	if err := o.reportInstallation(ctx, installation, state); err != nil {
		return err
	}
	return o.reportAll(ctx, installation, conditionsOf(state, fault))
}

// reportInstallation puts what was installed into the Installation's own status.
func (o *operator) reportInstallation(ctx context.Context, installation object, state string) error {
	if state != stateAvailable || crd.String(installation, "status", "calicoVersion") == o.version {
		return nil
	}
	for field, value := range map[string]any{"variant": "Calico", "calicoVersion": o.version, "mtu": int64(1450)} {
		if err := unstructured.SetNestedField(installation.Object, value, "status", field); err != nil {
			return err
		}
	}
	_, err := o.dynamic.Resource(crd.Installations).UpdateStatus(ctx, installation, metav1.UpdateOptions{})
	return err
}

func (o *operator) reportAll(ctx context.Context, installation object, conditions []any) error {
	for _, c := range components {
		owner, err := o.dynamic.Resource(c.owner).Get(ctx, "default", metav1.GetOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) { // an older Calico knows fewer components
			err = gone(o.dynamic.Resource(crd.TigeraStatuses).Delete(ctx, c.name, metav1.DeleteOptions{}))
		} else if err == nil {
			err = o.reportOne(ctx, c.name, owner, conditions)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reportOne writes a component's conditions if one of them is another than before.
func (o *operator) reportOne(ctx context.Context, name string, owner object, conditions []any) error {
	statuses := o.dynamic.Resource(crd.TigeraStatuses)
	status, err := statuses.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		fresh := crd.Object(crd.TigeraStatuses, "TigeraStatus", name, map[string]any{"spec": map[string]any{}})
		status, err = statuses.Create(ctx, fresh, metav1.CreateOptions{})
	}
	if err != nil {
		return err
	}
	before, _, _ := unstructured.NestedSlice(status.Object, "status", "conditions")
	now := stamped(conditions, before, owner.GetGeneration())
	if reflect.DeepEqual(before, now) {
		return nil
	}
	if err := unstructured.SetNestedSlice(status.Object, now, "status", "conditions"); err != nil {
		return err
	}
	_, err = statuses.UpdateStatus(ctx, status, metav1.UpdateOptions{})
	return err
}

// stamped keeps the time of a condition whose status did not change.
func stamped(conditions, before []any, generation int64) []any {
	var all []any
	for i, c := range conditions {
		now := map[string]any{"lastTransitionTime": time.Now().UTC().Format(time.RFC3339), "observedGeneration": generation}
		for key, value := range c.(map[string]any) {
			now[key] = value
		}
		if i < len(before) {
			if old := before[i].(map[string]any); old["status"] == now["status"] {
				now["lastTransitionTime"] = old["lastTransitionTime"]
			}
		}
		all = append(all, now)
	}
	return all
}
