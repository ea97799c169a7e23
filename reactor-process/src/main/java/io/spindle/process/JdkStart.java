// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts by {@link ProcessBuilder}, which forgets to close the first of its pipes when there is no descriptor for the
 * others: who tried again and again would lose one each time. So after such a failure the JDK is asked again only when
 * there are enough.
 */
final class JdkStart {

    /** Three pipes, one for the failure of the child and one for what it is to run, and what they pass on the way. */
    private static final int NEEDED = 14;

    private static volatile boolean starved;

    private JdkStart() {}

    static Process start(ProcessBuilder builder) throws IOException {
        if (starved) {
            checkThatThereAreEnough();
        }
        try {
            Process process = builder.start();
            starved = false;
            return process;
        } catch (IOException e) {
            starved = SpawnFailures.isOutOfDescriptors(e);
            throw e;
        }
    }

    private static void checkThatThereAreEnough() throws IOException {
        List<Closeable> taken = new ArrayList<>(NEEDED);
        try {
            for (int i = 0; i < NEEDED; i++) {
                taken.add(new FileInputStream("/dev/null"));
            }
        } finally {
            for (Closeable each : taken) {
                each.close();
            }
        }
    }
}
