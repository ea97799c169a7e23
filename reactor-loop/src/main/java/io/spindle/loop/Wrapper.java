// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

/** A callback of ours around one that somebody gave us. */
interface Wrapper {

    /** Returns what was given, which is what a diagnosis must name. */
    Object wrapped();

    /** One around something that is no {@code Runnable}. */
    record Of(Object wrapped, Runnable body) implements Runnable, Wrapper {

        @Override
        public void run() {
            body.run();
        }
    }
}
