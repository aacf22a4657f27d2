package main

import (
	"context"
	"errors"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"lab.example/operator/crd"
)

// remove takes away what was made, agents first; the Installation may go when the rest is gone. Called until then.
func (o *operator) remove(ctx context.Context, installation object) error {
	if len(installation.GetFinalizers()) == 0 {
		return nil
	}
	remove := metav1.DeleteOptions{}
	err := inOrder(
		func() error { return o.ensureRights(ctx) }, // an earlier round may have got as far as taking them back
		func() error { return gone(o.typed.AppsV1().DaemonSets(namespace).Delete(ctx, agent, remove)) },
		func() error { return o.agentsGone(ctx) },
		func() error { return o.removeOurs(ctx, crd.BlockAffinities) },
		func() error { return o.removeOurs(ctx, crd.IPPools) },
		func() error {
			for _, c := range components {
				if err := gone(o.dynamic.Resource(crd.TigeraStatuses).Delete(ctx, c.name, remove)); err != nil {
					return err
				}
			}
			return nil
		},
		func() error { return gone(o.typed.RbacV1().ClusterRoleBindings().Delete(ctx, agent, remove)) },
		func() error { return gone(o.typed.RbacV1().ClusterRoles().Delete(ctx, agent, remove)) },
		func() error { return gone(o.typed.CoreV1().Namespaces().Delete(ctx, namespace, remove)) },
	)
	if err != nil {
		return err
	}
	installation.SetFinalizers(slices.DeleteFunc(installation.GetFinalizers(), func(f string) bool {
		return slices.Contains(finalizers, f)
	}))
	_, err = o.dynamic.Resource(crd.Installations).Update(ctx, installation, metav1.UpdateOptions{})
	return gone(err)
}

func (o *operator) agentsGone(ctx context.Context) error {
	pods, err := o.typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=" + agent})
	if err == nil && len(pods.Items) > 0 {
		err = errors.New("waiting for the agents to go")
	}
	return err
}

// removeOurs deletes what carries our label, nobody else's.
func (o *operator) removeOurs(ctx context.Context, gvr schema.GroupVersionResource) error {
	all, err := o.dynamic.Resource(gvr).List(ctx, metav1.ListOptions{LabelSelector: "lab.kb/stand-in=true"})
	if err != nil {
		return err
	}
	for _, item := range all.Items {
		if err := gone(o.dynamic.Resource(gvr).Delete(ctx, item.GetName(), metav1.DeleteOptions{})); err != nil {
			return err
		}
	}
	return nil
}
