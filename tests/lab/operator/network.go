package main

import (
	"context"
	"path"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lab.example/operator/crd"
)

const agent = "calico-node"

func there(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// inOrder runs what depends on what came before it.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// ensureNetwork makes all that a pod's network needs beyond the pools.
func (o *operator) ensureNetwork(ctx context.Context, installation object, pools []pool) error {
	meta := metav1.ObjectMeta{Name: agent, Labels: managed}
	create := metav1.CreateOptions{}
	return inOrder(
		func() error {
			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: map[string]string{
				"lab.kb/stand-in": "true", "pod-security.kubernetes.io/enforce": "privileged"}}}
			_, err := o.typed.CoreV1().Namespaces().Create(ctx, ns, create)
			return there(err)
		},
		func() error {
			_, err := o.typed.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, create)
			return there(err)
		},
		func() error { return o.ensureBlocks(ctx, pools[0]) },
		func() error {
			_, err := o.typed.AppsV1().DaemonSets(namespace).Create(ctx, o.daemonSet(installation), create)
			return there(err)
		},
	)
}

// ensureRights gives the agent its rights, and the stand-in those of its own that it needs to work in the agent's stead.
func (o *operator) ensureRights(ctx context.Context) error {
	meta := metav1.ObjectMeta{Name: agent, Labels: managed}
	role := &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules()}
	if _, err := o.typed.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); there(err) != nil {
		return err
	}
	_, err := o.typed.RbacV1().ClusterRoleBindings().Create(ctx, binding(meta), metav1.CreateOptions{})
	return there(err)
}

// rules are those of the agent, and what the stand-in itself lacks in the real operator's manifest.
func rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{crd.Group}, Resources: []string{"ippools", "blockaffinities"},
			Verbs: []string{"get", "list", "create", "delete"}},
	}
}

func binding(meta metav1.ObjectMeta) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{ObjectMeta: meta,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: agent},
		Subjects: []rbacv1.Subject{
			{Kind: "ServiceAccount", Namespace: namespace, Name: agent},
			{Kind: "ServiceAccount", Namespace: "tigera-operator", Name: "tigera-operator"},
		}}
}

// image is the agent's, from the registry and path that the Installation asks for.
func (o *operator) image(installation object) string {
	registry, folder := crd.String(installation, "spec", "registry"), crd.String(installation, "spec", "imagePath")
	if registry == "" || registry == "UseDefault" {
		registry = "quay.io"
	}
	if folder == "" || folder == "UseDefault" {
		folder = "calico"
	}
	return path.Join(registry, folder, crd.String(installation, "spec", "imagePrefix")+"node") + ":" + o.version
}

func hostPath(name, where string) corev1.Volume {
	create := corev1.HostPathDirectoryOrCreate
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		HostPath: &corev1.HostPathVolumeSource{Path: where, Type: &create}}}
}

func (o *operator) daemonSet(installation object) *appsv1.DaemonSet {
	labels := map[string]string{"k8s-app": agent, "lab.kb/stand-in": "true"}
	privileged := true
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: agent, Labels: managed},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					HostNetwork:        true,
					ServiceAccountName: agent,
					PriorityClassName:  "system-node-critical",
					Tolerations:        []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
					Volumes:            []corev1.Volume{hostPath("cni", "/etc/cni/net.d"), hostPath("calico", "/var/lib/calico")},
					Containers: []corev1.Container{{
						Name:  agent,
						Image: o.image(installation),
						Env: []corev1.EnvVar{{Name: "NODENAME", ValueFrom: &corev1.EnvVarSource{
							FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"}}}},
						SecurityContext: &corev1.SecurityContext{Privileged: &privileged},
						VolumeMounts: []corev1.VolumeMount{
							{Name: "cni", MountPath: "/etc/cni/net.d"}, {Name: "calico", MountPath: "/var/lib/calico"}},
						ReadinessProbe: &corev1.Probe{PeriodSeconds: 2, ProbeHandler: corev1.ProbeHandler{
							Exec: &corev1.ExecAction{Command: []string{agent, "-ready"}}}},
					}},
				},
			},
		},
	}
}
