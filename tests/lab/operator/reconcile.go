package main

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lab.example/operator/crd"
)

// degraded is a fault of what was asked for: it is shown in TigeraStatus rather than tried again.
type degraded struct{ reason, message string }

func (d degraded) Error() string { return d.reason + ": " + d.message }

// reconcile does one round from what is there to what should be there.
func (o *operator) reconcile(ctx context.Context) error {
	installation, err := o.dynamic.Resource(crd.Installations).Get(ctx, "default", metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return errors.New("waiting for an Installation named default")
	case err != nil:
		return err
	case installation.GetDeletionTimestamp() != nil:
		return o.remove(ctx, installation)
	}
	if err := o.ensureRights(ctx); err != nil {
		return err
	}
	if err := o.writeBack(ctx, installation); err != nil {
		return o.refused(ctx, installation, err)
	}
	pools, err := o.ensurePools(ctx, installation)
	if err != nil {
		return o.refused(ctx, installation, err)
	}
	if err := o.ensureNetwork(ctx, installation, pools); err != nil {
		return o.refused(ctx, installation, err)
	}
	return o.report(ctx, installation)
}

// refused shows a fault of the input; anything else is only said in the log.
func (o *operator) refused(ctx context.Context, installation object, err error) error {
	var fault degraded
	if !errors.As(err, &fault) {
		return err
	}
	if err := o.reportAll(ctx, installation, conditionsOf(stateDegraded, fault)); err != nil {
		return err
	}
	return fault
}
