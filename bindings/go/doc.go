// SPDX-License-Identifier: Apache-2.0

// Package kb turns bare Debian and Ubuntu hosts into a Kubernetes cluster with kubeadm, over SSH or on this machine. It is libkb for Go.
//
// A whole cluster from one file:
//
//	c, err := kb.New()
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	cluster, err := c.LoadCluster("cluster.yaml")
//	if err != nil {
//		return err
//	}
//	for ev, err := range cluster.Up(ctx) { // Cluster.PlanUp and Plan.Check: a dry run
//		if err != nil {
//			return err
//		}
//		slog.Info("cluster", "event", ev)
//	}
//
// Below that, a plan of one's own: steps on hosts, what comes before what, outputs bound to parameters:
//
//	cp, err := c.NewHost("cp-1", "ssh://admin@192.168.1.2")
//	plan, err := c.NewPlan()
//	init, err := plan.Add(cp, kb.KubeadmInit{PodNetworkCIDR: netip.MustParsePrefix("172.16.0.0/16")})
//	join, err := plan.Add(worker, kb.KubeadmJoin{})
//	err = join.Bind("ca-cert-hash", init, "ca-cert-hash")
//
// Below that, one step on one host: [Host.Run] and [Host.Check]. And alone, without any host, pure functions on text: [CalicoSetPodCIDR],
// [CIDROverlaps], [TokenMake] and others.
//
// # What holds everywhere
//
//   - What waits takes a [context.Context]. When that is done, libkb is told at once; what became of each host still arrives as events, and
//     the last one comes with an error for which errors.Is(err, context.Canceled), or what the context's cause was, is true.
//   - An error is an [*Error], with the host, the step, one line of cause, evidence and what would mend it. errors.Is knows its [Code].
//   - Any goroutine may use anything at any time: calls on one [Context] take turns, and no goroutine waits inside of one. Two contexts share nothing.
//   - Waiting takes no thread, and nothing is left running behind.
//   - Close ends things at once. What is not closed is freed by the garbage collector, some time.
//   - A [Secret] is masked wherever it is printed.
package kb
