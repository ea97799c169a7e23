// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

/** A program that wants a cluster when it ends already. */
final class LateStart {

    private LateStart() {}

    /** Prints how that went. */
    public static void main(String[] args) {
        Runtime.getRuntime().addShutdownHook(new Thread(LateStart::start));
    }

    private static void start() {
        try {
            PrimarySpec.create()
                    .workers(1)
                    .main(App.class, "serve", "0")
                    .start()
                    .block(Probe.PATIENCE);
            System.out.println("started");
        } catch (ClusterException e) {
            System.out.println("failed: " + e.getMessage());
        }
    }
}
