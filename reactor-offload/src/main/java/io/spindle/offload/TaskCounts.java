// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

/** What the figures of both pools have in common. */
interface TaskCounts {

    int threads();

    int running();

    int queued();

    int stuck();

    long completed();

    long rejected();
}
