// The stack's end is the one thing that can strike inside the core: user code may call it from any depth. So calls first
// make sure, before they pass the gate, that there is room for the core's deepest path.
//
// Engines see to it, when a function is entered, that the stack has room for its frame. So the probe is a function with a
// large one: a branch that is never taken keeps 320 words over a call, for which every compiler needs 2.6 KiB of frame. It
// calls itself once and so reaches down 5.2 KiB. The deepest path takes 1.9 KiB in V8 and up to 3.6 KiB in JavaScriptCore.
//
// A word costs 7 bytes of code, a step 1.5 ns of the probe's 5: two steps of 320 words are 1.7 KiB smaller than one frame of
// 576, and many small steps cost more than the calls they protect.

import { me } from "./thread";

/** Loads, because what they give cannot be computed later: a call may change it. */
@inline function v(index: u32): u64 { return load<u64>(index << 3); }

/** No thread has this number. */
@inline const NOBODY: u32 = u32.MAX_VALUE;

function reach(further: u32): u64 {
  if (me == NOBODY) {
    return (
      v(0) ^ (v(1) ^ (v(2) ^ (v(3) ^ (v(4) ^ (v(5) ^ (v(6) ^ (v(7) ^ (v(8) ^ (v(9) ^ (
      v(10) ^ (v(11) ^ (v(12) ^ (v(13) ^ (v(14) ^ (v(15) ^ (v(16) ^ (v(17) ^ (v(18) ^ (v(19) ^ (
      v(20) ^ (v(21) ^ (v(22) ^ (v(23) ^ (v(24) ^ (v(25) ^ (v(26) ^ (v(27) ^ (v(28) ^ (v(29) ^ (
      v(30) ^ (v(31) ^ (v(32) ^ (v(33) ^ (v(34) ^ (v(35) ^ (v(36) ^ (v(37) ^ (v(38) ^ (v(39) ^ (
      v(40) ^ (v(41) ^ (v(42) ^ (v(43) ^ (v(44) ^ (v(45) ^ (v(46) ^ (v(47) ^ (v(48) ^ (v(49) ^ (
      v(50) ^ (v(51) ^ (v(52) ^ (v(53) ^ (v(54) ^ (v(55) ^ (v(56) ^ (v(57) ^ (v(58) ^ (v(59) ^ (
      v(60) ^ (v(61) ^ (v(62) ^ (v(63) ^ (v(64) ^ (v(65) ^ (v(66) ^ (v(67) ^ (v(68) ^ (v(69) ^ (
      v(70) ^ (v(71) ^ (v(72) ^ (v(73) ^ (v(74) ^ (v(75) ^ (v(76) ^ (v(77) ^ (v(78) ^ (v(79) ^ (
      v(80) ^ (v(81) ^ (v(82) ^ (v(83) ^ (v(84) ^ (v(85) ^ (v(86) ^ (v(87) ^ (v(88) ^ (v(89) ^ (
      v(90) ^ (v(91) ^ (v(92) ^ (v(93) ^ (v(94) ^ (v(95) ^ (v(96) ^ (v(97) ^ (v(98) ^ (v(99) ^ (
      v(100) ^ (v(101) ^ (v(102) ^ (v(103) ^ (v(104) ^ (v(105) ^ (v(106) ^ (v(107) ^ (v(108) ^ (v(109) ^ (
      v(110) ^ (v(111) ^ (v(112) ^ (v(113) ^ (v(114) ^ (v(115) ^ (v(116) ^ (v(117) ^ (v(118) ^ (v(119) ^ (
      v(120) ^ (v(121) ^ (v(122) ^ (v(123) ^ (v(124) ^ (v(125) ^ (v(126) ^ (v(127) ^ (v(128) ^ (v(129) ^ (
      v(130) ^ (v(131) ^ (v(132) ^ (v(133) ^ (v(134) ^ (v(135) ^ (v(136) ^ (v(137) ^ (v(138) ^ (v(139) ^ (
      v(140) ^ (v(141) ^ (v(142) ^ (v(143) ^ (v(144) ^ (v(145) ^ (v(146) ^ (v(147) ^ (v(148) ^ (v(149) ^ (
      v(150) ^ (v(151) ^ (v(152) ^ (v(153) ^ (v(154) ^ (v(155) ^ (v(156) ^ (v(157) ^ (v(158) ^ (v(159) ^ (
      v(160) ^ (v(161) ^ (v(162) ^ (v(163) ^ (v(164) ^ (v(165) ^ (v(166) ^ (v(167) ^ (v(168) ^ (v(169) ^ (
      v(170) ^ (v(171) ^ (v(172) ^ (v(173) ^ (v(174) ^ (v(175) ^ (v(176) ^ (v(177) ^ (v(178) ^ (v(179) ^ (
      v(180) ^ (v(181) ^ (v(182) ^ (v(183) ^ (v(184) ^ (v(185) ^ (v(186) ^ (v(187) ^ (v(188) ^ (v(189) ^ (
      v(190) ^ (v(191) ^ (v(192) ^ (v(193) ^ (v(194) ^ (v(195) ^ (v(196) ^ (v(197) ^ (v(198) ^ (v(199) ^ (
      v(200) ^ (v(201) ^ (v(202) ^ (v(203) ^ (v(204) ^ (v(205) ^ (v(206) ^ (v(207) ^ (v(208) ^ (v(209) ^ (
      v(210) ^ (v(211) ^ (v(212) ^ (v(213) ^ (v(214) ^ (v(215) ^ (v(216) ^ (v(217) ^ (v(218) ^ (v(219) ^ (
      v(220) ^ (v(221) ^ (v(222) ^ (v(223) ^ (v(224) ^ (v(225) ^ (v(226) ^ (v(227) ^ (v(228) ^ (v(229) ^ (
      v(230) ^ (v(231) ^ (v(232) ^ (v(233) ^ (v(234) ^ (v(235) ^ (v(236) ^ (v(237) ^ (v(238) ^ (v(239) ^ (
      v(240) ^ (v(241) ^ (v(242) ^ (v(243) ^ (v(244) ^ (v(245) ^ (v(246) ^ (v(247) ^ (v(248) ^ (v(249) ^ (
      v(250) ^ (v(251) ^ (v(252) ^ (v(253) ^ (v(254) ^ (v(255) ^ (v(256) ^ (v(257) ^ (v(258) ^ (v(259) ^ (
      v(260) ^ (v(261) ^ (v(262) ^ (v(263) ^ (v(264) ^ (v(265) ^ (v(266) ^ (v(267) ^ (v(268) ^ (v(269) ^ (
      v(270) ^ (v(271) ^ (v(272) ^ (v(273) ^ (v(274) ^ (v(275) ^ (v(276) ^ (v(277) ^ (v(278) ^ (v(279) ^ (
      v(280) ^ (v(281) ^ (v(282) ^ (v(283) ^ (v(284) ^ (v(285) ^ (v(286) ^ (v(287) ^ (v(288) ^ (v(289) ^ (
      v(290) ^ (v(291) ^ (v(292) ^ (v(293) ^ (v(294) ^ (v(295) ^ (v(296) ^ (v(297) ^ (v(298) ^ (v(299) ^ (
      v(300) ^ (v(301) ^ (v(302) ^ (v(303) ^ (v(304) ^ (v(305) ^ (v(306) ^ (v(307) ^ (v(308) ^ (v(309) ^ (
      v(310) ^ (v(311) ^ (v(312) ^ (v(313) ^ (v(314) ^ (v(315) ^ (v(316) ^ (v(317) ^ (v(318) ^ (v(319) ^ (
      reach(0)
      ))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
      ))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
      ))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
    );
  }
  return further ? reach(further - 1) : 0;
}

@inline export function probeStack(): void { reach(1); }
