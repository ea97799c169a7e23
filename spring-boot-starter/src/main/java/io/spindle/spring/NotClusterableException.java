// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

/** The application has a server that cannot share its port. */
final class NotClusterableException extends RuntimeException {

    NotClusterableException() {
        super("a servlet application cannot be clustered: only servers on Reactor Netty share their ports");
    }
}
