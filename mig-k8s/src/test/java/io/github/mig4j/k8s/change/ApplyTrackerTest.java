package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.change.ApplyTracker.Decision;
import io.github.mig4j.k8s.change.ApplyTracker.Start;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.check.Plans;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Prompt;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApplyTrackerTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final MigConfig SMALL =
      MigConfig.of(MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build()));
  private static final String KEY = "small-01234567";
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final List<String> steps = new ArrayList<>();

  @Test
  void observe_normalRun_isVerifiedOnceTheEvidenceHeldForTheWindow() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    see(tracker, 1, Nodes.b200(1).config(KEY, "success").running());
    see(tracker, 2, Nodes.b200(1).config(KEY, "pending").running());
    see(tracker, 3, Nodes.b200(1).config(KEY, "pending").paused().offers("nvidia.com/gpu", 0));
    see(tracker, 4, Nodes.cutIntoSeven().config(KEY, "pending").running());
    var early = see(tracker, 5, Nodes.cutIntoSeven().config(KEY, "success").running());
    var done = see(tracker, 10, Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(early)
        .isEqualTo(new Decision.Wait(10 * SECOND, List.of("that has held for less than 5 s")));
    assertThat(done).isInstanceOfSatisfying(Decision.Done.class, d -> {
      assertThat(d.outcome()).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(d.outcome().allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
      assertThat(d.detail()).isEqualTo("held for 5 s");
    });
    assertThat(steps).containsExactly("PENDING", "PAUSED", "RESUMED", "REPORTED", "OFFERED");
  }

  /** Trap 1: the earlier request's success is still there. */
  @Test
  void observe_staleSuccess_isNotBelieved() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    var decision = see(tracker, 60, Nodes.b200(1).config(KEY, "success").running());

    assertThat(missing(decision))
        .containsExactly(
            "nvidia.com/mig-1g.23gb is 0 instead of 7",
            "nvidia.com/gpu is 1 instead of 0",
            "label nvidia.com/mig-1g.23gb.count is absent instead of 7");
  }

  /** Trap 16: success beside stopped clients. */
  @Test
  void observe_successButPaused_isNotBelieved() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    var decision = see(tracker, 60, Nodes.cutIntoSeven().config(KEY, "success").paused());

    assertThat(missing(decision)).containsExactly("its device-plugin is stopped");
  }

  @Test
  void observe_evidenceThatFlickers_startsTheWindowAgain() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    see(tracker, 0, Nodes.cutIntoSeven().config(KEY, "success").running());
    see(
        tracker,
        4,
        Nodes.cutIntoSeven().config(KEY, "success").running().offers("nvidia.com/mig-1g.23gb", 6));
    var again = see(tracker, 6, Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(again)
        .isEqualTo(new Decision.Wait(11 * SECOND, List.of("that has held for less than 5 s")));
  }

  /** Trap 15: layouts that only move between GPUs leave the same counts behind. */
  @Test
  void observe_sameOfferAsBefore_needsAStopAndStartOfTheClients() {
    var before = Nodes.cutIntoSeven().config("old", "success").running();
    var tracker = tracker(SMALL, before);

    see(tracker, 0, Nodes.cutIntoSeven().config(KEY, "success").running());
    var unmoved = see(tracker, 6, Nodes.cutIntoSeven().config(KEY, "success").running());
    see(tracker, 7, Nodes.cutIntoSeven().config(KEY, "pending").paused());
    see(tracker, 8, Nodes.cutIntoSeven().config(KEY, "success").running());
    var moved = see(tracker, 13, Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(missing(unmoved))
        .containsExactly("the GPU's clients were not seen to stop and start");
    assertThat(outcome(moved)).isInstanceOf(ApplyOutcome.Verified.class);
  }

  /** The stop that is under way when the request is made belongs to somebody else. */
  @Test
  void observe_sameOfferAndBusyBefore_doesNotCountTheOtherRunsRestart() {
    var before = Nodes.cutIntoSeven().config("old", "pending").paused();
    var tracker = tracker(SMALL, before);

    see(tracker, 0, Nodes.cutIntoSeven().config(KEY, "pending").paused());
    see(tracker, 1, Nodes.cutIntoSeven().config(KEY, "success").running());
    var decision = see(tracker, 7, Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(missing(decision))
        .containsExactly("the GPU's clients were not seen to stop and start");
  }

  @Test
  void observe_sameOfferAndNoTransitionInTime_isVerifiedByStateOnly() {
    var tracker = tracker(SMALL, Nodes.cutIntoSeven().config("old", "success").running());

    see(tracker, 0, Nodes.cutIntoSeven().config(KEY, "success").running());
    see(tracker, 119, Nodes.cutIntoSeven().config(KEY, "success").running());
    see(tracker, 120, Nodes.cutIntoSeven().config(KEY, "success").running());
    var decision = see(tracker, 121, Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(outcome(decision))
        .isInstanceOfSatisfying(
            ApplyOutcome.VerifiedByStateOnly.class,
            o -> assertThat(o.reason())
                .isEqualTo(
                    "the node offered the same before, and the GPU's clients were not seen to stop and start"));
  }

  @Test
  void observe_sameContentAsBefore_needsNoTransition() {
    var tracker = tracker(
        SMALL,
        Nodes.cutIntoSeven().config("old-" + SMALL.contentHash(), "success").running());

    see(tracker, 0, Nodes.cutIntoSeven().config(KEY, "success").running());
    var decision = see(tracker, 5, Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(outcome(decision)).isInstanceOf(ApplyOutcome.Verified.class);
  }

  @Test
  void observe_withoutFeatureDiscovery_isVerifiedByStateOnly() {
    var tracker = tracker(SMALL, Nodes.b200(1).running().without(Labels.GPU_COUNT));
    var silent = Nodes.cutIntoSeven().config(KEY, "success").running().without(Labels.GPU_COUNT);

    see(tracker, 0, silent);
    var decision = see(tracker, 5, silent);

    assertThat(outcome(decision))
        .isInstanceOfSatisfying(
            ApplyOutcome.VerifiedByStateOnly.class,
            o -> assertThat(o.reason())
                .isEqualTo(
                    "no feature discovery labels the node, so only the device plugin confirms"
                        + " the layout"));
  }

  /** The MIG manager stops feature discovery for a while, and its labels may go with it. */
  @Test
  void observe_discoveryGoneForAWhile_isWaitedFor() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    var decision = see(
        tracker,
        60,
        Nodes.cutIntoSeven().config(KEY, "success").running().without(Labels.GPU_COUNT));

    assertThat(missing(decision))
        .containsExactly("label nvidia.com/gpu.count is absent instead of 1");
  }

  /** A plain name may stand for something else by now, and the manager would not have noticed. */
  @Test
  void observe_plainNameThatWasAskedForBefore_isVerifiedByStateOnly() {
    var before = Nodes.cutIntoSeven().config(KEY, "success").running();
    var tracker = tracker(SMALL, before);

    see(tracker, 0, before);
    var decision = see(tracker, 5, before);

    assertThat(outcome(decision))
        .isInstanceOfSatisfying(
            ApplyOutcome.VerifiedByStateOnly.class,
            o -> assertThat(o.reason())
                .isEqualTo(
                    "the node requested 'small-01234567' before, and the content of that name"
                        + " may have changed since"));
  }

  @Test
  void observe_failed_namesTheStoppedClients() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    see(tracker, 0, Nodes.b200(1).config(KEY, "pending").paused());

    see(tracker, 1, Nodes.b200(1).config(KEY, "failed").paused());

    assertThatThrownBy(
            () -> see(tracker, 16, Nodes.b200(1).config(KEY, "failed").paused()))
        .isInstanceOf(MigFailedException.class)
        .hasMessage(
            "Node gpu-node: the MIG manager failed to apply 'small-01234567'. The MIG manager failed and did not restart device-plugin on node gpu-node, so the node offers no GPU. Restart the MIG manager with 'kubectl delete pod -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node'; a manager that has succeeded once restores the labels only at its next success");
  }

  @Test
  void observe_failure_isBelievedOnceItHasStoodForAWhile() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    var first = see(tracker, 1, Nodes.b200(1).config(KEY, "failed").running());

    assertThat(((Decision.Wait) first).untilNanos()).isEqualTo(2 * SECOND);
    assertThatThrownBy(
            () -> see(tracker, 16, Nodes.b200(1).config(KEY, "failed").running()))
        .isInstanceOf(MigFailedException.class);
  }

  /** Nothing on the node tells an old failure from one that was written again; the log may. */
  @Test
  void observe_failedAsBefore_isLookedUpNowAndThen_untilTheManagerHasShownNoSign() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "failed").paused());
    var unmoved = Nodes.b200(1).config(KEY, "failed").paused();

    var first = see(tracker, 1, unmoved);
    var look = see(tracker, 2, unmoved);
    var between = see(tracker, 3, unmoved);
    var lasted = see(tracker, 16, unmoved);

    assertThat(((Decision.Wait) first).untilNanos()).isEqualTo(2 * SECOND);
    assertThat(look).isInstanceOfSatisfying(Decision.Look.class, l -> {
      assertThat(l.failure())
          .hasMessageStartingWith(
              "Node gpu-node: the MIG manager failed to apply 'small-01234567'. ");
      assertThat(l.hasLasted()).isFalse();
      assertThat(l.meanwhile().untilNanos()).isEqualTo(3 * SECOND);
      assertThat(l.meanwhile().missing()).contains("its MIG state is failed, as it was before");
    });
    assertThat(between).isInstanceOf(Decision.Look.class);
    assertThat(lasted)
        .isInstanceOfSatisfying(
            Decision.Look.class, l -> assertThat(l.hasLasted()).isTrue());
    assertThatThrownBy(() -> see(tracker, 300, unmoved))
        .isInstanceOf(MigDeadlineException.class)
        .hasMessageStartingWith(
            "Node gpu-node: the MIG manager has shown no sign of 'small-01234567' for 5 min, but its"
                + " MIG state is failed, as it was before, its device-plugin is stopped, ");
  }

  /** A fresh process lets the clients start, whatever it finds. */
  @Test
  void observe_failedAsBefore_butClientsStarted_isBelieved() {
    var tracker = tracker(SMALL, Nodes.b200(1).config(KEY, "failed").paused(), Prompt.RESTART);
    var resumed = Nodes.b200(1).config(KEY, "failed").running();

    see(tracker, 1, resumed);

    assertThatThrownBy(() -> see(tracker, 16, resumed)).isInstanceOf(MigFailedException.class);
  }

  @Test
  void observe_failedAsBefore_afterARestart_isInDoubt() {
    var failed = Nodes.b200(1).config(KEY, "failed").running();
    var tracker = tracker(SMALL, failed, Prompt.RESTART);

    see(tracker, 1, failed);

    assertThat(see(tracker, 16, failed)).isInstanceOf(Decision.Look.class);
  }

  @Test
  void observe_workAndFailure_afterAFailureBefore_isBelieved() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "failed").running());

    see(tracker, 1, Nodes.b200(1).config(KEY, "failed").running());
    see(tracker, 2, Nodes.b200(1).config(KEY, "pending").running());
    see(tracker, 3, Nodes.b200(1).config(KEY, "failed").running());

    assertThatThrownBy(
            () -> see(tracker, 18, Nodes.b200(1).config(KEY, "failed").running()))
        .isInstanceOf(MigFailedException.class);
  }

  /** The manager tries no name again, so there is nothing to wait for. */
  @Test
  void observe_failedBeforeOnTheSameName_saysThatItWasBefore() {
    var failed = Nodes.b200(1).config(KEY, "failed").running();
    var tracker = tracker(SMALL, failed);

    see(tracker, 1, failed);

    assertThatThrownBy(() -> see(tracker, 16, failed))
        .isInstanceOf(MigFailedException.class)
        .hasMessageStartingWith("Node gpu-node: the MIG manager failed to apply 'small-01234567'"
            + " before this request, and does not try a name again. ");
  }

  /** The run that was under way ends badly, and only then comes this request's turn. */
  @Test
  void observe_failureOfAnotherRun_isNotOurs() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "pending").paused());

    see(tracker, 1, Nodes.b200(1).config(KEY, "failed").paused());
    see(tracker, 5, Nodes.b200(1).config(KEY, "pending").paused());
    see(tracker, 20, Nodes.cutIntoSeven().config(KEY, "success").running());
    var done = see(tracker, 25, Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(outcome(done)).isInstanceOf(ApplyOutcome.Verified.class);
  }

  /** Only a failure without work can be that of a file that came late, which is asked again. */
  @ParameterizedTest
  @CsvSource({
    "success, failed, true",
    "pending, failed, true",
    "pending, success failed, true",
    "success, pending success failed, true",
    "success, pending failed, false",
    "success, rebooting pending failed, false",
    "pending, failed pending failed, false",
    "pending, success pending failed, false",
    "failed, pending failed, false",
    "failed, failed, true",
    "success, pending, false"
  })
  void failedWithoutWork_knowsAnEarlierRunsWork(String before, String seen, boolean expected) {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", before).running());

    for (String state : seen.split(" ")) {
      see(tracker, 1, Nodes.b200(1).config(KEY, state).running());
    }

    assertThat(tracker.failedWithoutWork()).isEqualTo(expected);
  }

  /** The node is not read again and again while the failure is not believed yet. */
  @Test
  void observe_failureNearTheLimit_isWaitedForOnce() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());
    var failed = Nodes.b200(1).config(KEY, "failed").running();

    see(tracker, 299, failed);
    see(tracker, 300, failed);
    see(tracker, 302, failed);
    see(tracker, 306, failed);
    var behindTheLimit = see(tracker, 307, failed);

    assertThat(behindTheLimit)
        .isInstanceOfSatisfying(
            Decision.Wait.class,
            wait -> assertThat(wait.untilNanos()).isEqualTo((299 + 15) * SECOND));
    assertThatThrownBy(() -> see(tracker, 314, failed)).isInstanceOf(MigFailedException.class);
  }

  /** Another process has seen the stop and start of the clients, and recorded it. */
  @Test
  void observe_sameOffer_whosePauseIsRecorded_isVerified() {
    var node = Nodes.cutIntoSeven().config(KEY, "success").running();
    var needed = tracker(SMALL, node, Prompt.LABEL, ChangeRecord.Proof.PAUSE_NEEDED);
    var seen = tracker(SMALL, node, Prompt.LABEL, ChangeRecord.Proof.PAUSE_SEEN);

    see(needed, 0, node);
    see(seen, 0, node);

    assertThat(missing(see(needed, 5, node)))
        .containsExactly("the GPU's clients were not seen to stop and start");
    assertThat(outcome(see(seen, 5, node))).isInstanceOf(ApplyOutcome.Verified.class);
    see(needed, 6, Nodes.cutIntoSeven().config(KEY, "pending").paused());
    see(needed, 7, node);
    assertThat(needed.proof()).isEqualTo(ChangeRecord.Proof.PAUSE_SEEN);
  }

  /** A run can end without a state, and only the log shows it. */
  @ParameterizedTest
  @CsvSource({
    "pending, the MIG manager ended its run for 'small-01234567' without success",
    "success, the MIG manager ended its run for 'small-01234567' without success"
  })
  void observe_noResult_isLookedUp_lessAndLessOften(String state, String verdict) {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());
    var node = Nodes.b200(1).config(KEY, state).paused();
    if (state.equals("success")) {
      node.running();
    }
    List<Integer> looks = new ArrayList<>();

    for (int second = 1; second < 200; second++) {
      if (see(tracker, second, node) instanceof Decision.Look look) {
        looks.add(second);
        assertThat(look.failure())
            .hasMessageStartingWith("Node gpu-node: " + verdict
                + ", and the node's MIG state is still " + state + ". ");
      }
    }

    assertThat(looks).containsExactly(15, 30, 60, 120, 180);
  }

  /** A run that ended before the request is in the log already. */
  @Test
  void observe_requestedBefore_isLookedUpAtOnce() {
    var stuck = Nodes.b200(1).config(KEY, "pending").paused();
    var tracker = tracker(SMALL, stuck);

    var decision = see(tracker, 0, stuck);

    assertThat(decision)
        .isInstanceOfSatisfying(
            Decision.Look.class,
            look -> assertThat(look.failure())
                .hasMessageStartingWith(
                    "Node gpu-node: the MIG manager ended its run for 'small-01234567' without"
                        + " success before this request, and the node's MIG state is still pending. "));
  }

  /** The MIG manager finds the layout applied, and stops nothing. */
  @Test
  void observe_sameOffer_whoseSuccessIsInTheLog_isVerified() {
    var node = Nodes.cutIntoSeven().config(KEY, "success").running();
    var tracker = tracker(SMALL, Nodes.cutIntoSeven().config("old", "success").running());

    see(tracker, 0, node);
    var look = see(tracker, 5, node);
    boolean isNews = tracker.noteLoggedSuccess();

    assertThat(look).isInstanceOf(Decision.Look.class);
    assertThat(isNews).isTrue();
    assertThat(tracker.noteLoggedSuccess()).isFalse();
    assertThat(outcome(see(tracker, 5, node)))
        .isInstanceOfSatisfying(
            ApplyOutcome.Verified.class,
            verified -> assertThat(verified.basis())
                .isEqualTo(
                    "held for 5 s, and the MIG manager's log reports success for 'small-01234567'"));
  }

  /** The success of a plain name may be that of another content. */
  @Test
  void noteLoggedSuccess_ofAPlainNameThatWasRequestedBefore_isNoNews() {
    var node = Nodes.cutIntoSeven().config(KEY, "success").running();

    assertThat(tracker(SMALL, node).noteLoggedSuccess()).isFalse();
  }

  /** Another process saw it for this long, and recorded since when. */
  @Test
  void observe_evidenceThatIsRecorded_countsFromThen() {
    var node = Nodes.cutIntoSeven().config(KEY, "success").running();
    var stable = Optional.of(Duration.ofSeconds(3));
    var continued =
        tracker(SMALL, node, start(Prompt.NOTHING, ChangeRecord.Proof.PAUSE_SEEN, stable));
    var interrupted =
        tracker(SMALL, node, start(Prompt.NOTHING, ChangeRecord.Proof.PAUSE_SEEN, stable));

    var first = see(continued, 0, node);
    see(interrupted, 0, Nodes.cutIntoSeven().config(KEY, "success").paused());
    var again = see(interrupted, 1, node);

    assertThat(first)
        .isEqualTo(new Decision.Wait(2 * SECOND, List.of("that has held for less than 5 s")));
    assertThat(continued.evidenceSince()).contains(-3 * SECOND);
    assertThat(outcome(see(continued, 2, node))).isNotNull();
    assertThat(((Decision.Wait) again).untilNanos()).isEqualTo(6 * SECOND);
    assertThat(interrupted.evidenceSince()).contains(SECOND);
  }

  @Test
  void observe_anotherConfig_isAConflict() {
    var tracker = tracker(SMALL, Nodes.b200(1).config("old", "success").running());

    see(tracker, 0, Nodes.b200(1).config(KEY, "pending").running());

    assertThatThrownBy(
            () -> see(tracker, 1, Nodes.b200(1).config("theirs", "pending").running()))
        .isInstanceOf(MigConflictException.class)
        .hasMessage(
            "Node gpu-node: another client set nvidia.com/mig.config=theirs while 'small-01234567' was"
                + " being applied. Let one client label the node, and apply again");
    assertThatThrownBy(() -> see(tracker, 2, Nodes.b200(1)))
        .isInstanceOf(MigConflictException.class)
        .hasMessage(
            "Node gpu-node lost its label nvidia.com/mig.config while 'small-01234567' was being"
                + " applied; the operator will write all-disabled. Apply again");
  }

  /** A look a minute, each of a tracker that knows what the one before has seen. */
  @Test
  void observe_byATrackerForEachLook_decidesAsOneTrackerDoes() {
    List<Nodes> seen = List.of(
        Nodes.cutIntoSeven().config(KEY, "pending").paused(),
        Nodes.cutIntoSeven().config(KEY, "success").running(),
        Nodes.cutIntoSeven().config(KEY, "success").running());
    Nodes before = Nodes.cutIntoSeven().config("old", "success").running();
    var one = tracker(SMALL, before);
    var each = tracker(SMALL, before);
    Decision byOne = null;
    Decision byEach = null;

    for (int look = 0; look < seen.size(); look++) {
      byOne = see(one, 60 * look, seen.get(look));
      byEach = see(each, 60 * look, seen.get(look));
      each = tracker(
          SMALL,
          seen.get(look),
          new Start(
              Prompt.LABEL,
              each.proof(),
              Optional.empty(),
              0,
              Duration.ofSeconds(1),
              Optional.of(each.past())));
    }

    assertThat(byEach).hasToString(String.valueOf(byOne));
    assertThat(outcome(byEach)).isInstanceOf(ApplyOutcome.Verified.class);
  }

  @Test
  void observe_aFailureThatAnEarlierTrackerSaw_isBelievedAtOnce() {
    var first = tracker(SMALL, Nodes.b200(1).config("old", "success").running());
    see(first, 1, Nodes.b200(1).config(KEY, "pending").running());
    see(first, 60, Nodes.b200(1).config(KEY, "failed").running());
    var next = tracker(
        SMALL,
        Nodes.b200(1).config(KEY, "failed").running(),
        new Start(
            Prompt.LABEL,
            first.proof(),
            Optional.empty(),
            0,
            Duration.ofSeconds(1),
            Optional.of(first.past())));

    assertThatThrownBy(() -> see(next, 120, Nodes.b200(1).config(KEY, "failed").running()))
        .isInstanceOf(MigFailedException.class);
  }

  private ApplyTracker tracker(MigConfig config, Nodes before) {
    MigNodeStatus status = MigNodeStatus.of(before.build(), MigSettings.defaults());
    return tracker(
        config, before, status.config().equals(Optional.of(KEY)) ? Prompt.NOTHING : Prompt.LABEL);
  }

  private ApplyTracker tracker(MigConfig config, Nodes before, Prompt prompt) {
    return tracker(
        config,
        before,
        prompt,
        plan(config, before).isOfferedBefore(MigSettings.defaults())
            ? ChangeRecord.Proof.PAUSE_NEEDED
            : ChangeRecord.Proof.OFFER);
  }

  private static ApplyPlan plan(MigConfig config, Nodes before) {
    return Plans.layout(
        before.build(),
        config,
        NodeOffer.after(config, NodeGpu.several(B200, 1), MigStrategy.MIXED),
        KEY);
  }

  private ApplyTracker tracker(
      MigConfig config, Nodes before, Prompt prompt, ChangeRecord.Proof proof) {
    return tracker(config, before, start(prompt, proof, Optional.empty()));
  }

  private ApplyTracker tracker(MigConfig config, Nodes before, Start start) {
    return new ApplyTracker(
        MigSettings.defaults(),
        ApplyTimings.defaults(),
        plan(config, before),
        start,
        (phase, nanos, detail) -> steps.add(phase.name()));
  }

  private static Start start(
      Prompt prompt, ChangeRecord.Proof proof, Optional<Duration> stableFor) {
    return new Start(prompt, proof, stableFor, 0, Duration.ofSeconds(1), Optional.empty());
  }

  private static Decision see(ApplyTracker tracker, int second, Nodes node) {
    Node built = node.build();
    return tracker.observe(built, second * SECOND);
  }

  private static List<String> missing(Decision decision) {
    return decision instanceof Decision.Look look
        ? look.meanwhile().missing()
        : ((Decision.Wait) decision).missing();
  }

  private static ApplyOutcome outcome(Decision decision) {
    return ((Decision.Done) decision).outcome();
  }
}
